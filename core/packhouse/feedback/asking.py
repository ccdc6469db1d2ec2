"""Asking the customers whose time has come for a review."""

import logging
from collections import Counter
from datetime import timedelta

from packhouse.catalog.queries import variants_by_id
from packhouse.customers.models import Customer
from packhouse.events.calls import call_provider
from packhouse.events.failures import describe
from packhouse.feedback.commands.schedule_review_requests import arrived_at, objection
from packhouse.feedback.commands.send_review_request import (
    request_cancelled,
    request_put_off,
    request_sent,
    request_skipped,
)
from packhouse.feedback.models import ReviewRequest
from packhouse.feedback.states import ReviewRequestStatus
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import (
    CollectsReviews,
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    Providers,
    Refused,
    ReviewInvitation,
    ReviewProduct,
    now,
)
from packhouse.storage import Database, Initiator, UnitOfWork

log = logging.getLogger(__name__)

_BATCH = 500
_MOST_ATTEMPTS = 12
_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(days=1)


async def send_due_review_requests(database: Database, providers: Providers, by: Initiator) -> Counter[str]:
    """Ask every customer whose time has come, each once; one that does not work never keeps the others waiting.

    A platform that wants to be left alone for a while, or that does not know us, is not asked any further in this run.
    Returns how many requests are in which status now: sent, skipped, cancelled, or still scheduled because they were put off.
    """
    counts: Counter[str] = Counter()
    due = ReviewRequest.filter(due_at__lte=now(), status=ReviewRequestStatus.SCHEDULED.value)
    platforms = await due.distinct().order_by("platform").values_list("platform", flat=True)
    for platform in platforms:
        for request in await due.filter(platform=platform).order_by("due_at").limit(_BATCH):
            after, error = await _ask(database, providers, by, request)
            counts[after.status] += 1
            if isinstance(error, ProviderRateLimited | ProviderAuthFailed):
                break
    return counts


async def _ask(
    database: Database, providers: Providers, by: Initiator, request: ReviewRequest
) -> tuple[ReviewRequest, ProviderError | None]:
    """The request afterwards, and what went wrong on the platform's side."""
    provider: object = providers.reviews.get(request.platform)
    if not isinstance(provider, CollectsReviews):
        reason = f"no plugin for platform {request.platform} is loaded"
        return await _put_off(database, by, request, reason), None
    order = await Order.get(id=request.order_id)
    invitation = await review_invitation(request, order)
    if not invitation.products:
        reason = "everything was sent back"
        return await database.write(by, lambda uow: request_cancelled(uow, request.id, reason)), None
    if reason := await objection(order):
        return await database.write(by, lambda uow: request_skipped(uow, request.id, reason)), None
    try:
        return await _invite(database, by, request, provider, invitation), None
    except Refused as refused:
        log.info("Review request %s is left to another worker: %s", request.id, refused.message)
        return await ReviewRequest.get(id=request.id), None
    except ProviderError as error:
        return await _not_sent(database, by, request, error), error


async def _invite(
    database: Database, by: Initiator, request: ReviewRequest, provider: CollectsReviews, invitation: ReviewInvitation
) -> ReviewRequest:
    async def send() -> str:
        return await provider.invite(invitation)

    async def sent(uow: UnitOfWork, external_id: str) -> ReviewRequest:
        return await request_sent(uow, request.id, external_id, invitation.skus)

    return await call_provider(
        database,
        by,
        provider=request.platform,
        operation="request_review",
        subject_id=request.id,
        order_id=request.order_id,
        idempotency_key=invitation.idempotency_key,
        send=send,
        find=None,
        on_success=sent,
    )


async def _not_sent(database: Database, by: Initiator, request: ReviewRequest, error: ProviderError) -> ReviewRequest:
    """Asked twice is worse than not asked: what may have been sent is not sent again."""
    reason = describe(error, database.hide)
    log.warning("Review request %s to %s was not sent: %s", request.id, request.platform, reason)
    is_last = request.attempts + 1 >= _MOST_ATTEMPTS
    if isinstance(error, ProviderInDoubt):
        reason = f"it may have been sent: {reason}"
    if isinstance(error, ProviderInDoubt | ProviderRefused) or is_last:
        return await database.write(by, lambda uow: request_skipped(uow, request.id, reason))
    wait = timedelta(seconds=error.retry_after) if isinstance(error, ProviderRateLimited) else None
    return await _put_off(database, by, request, reason, wait)


async def _put_off(
    database: Database, by: Initiator, request: ReviewRequest, reason: str, wait: timedelta | None = None
) -> ReviewRequest:
    doubled = _FIRST_WAIT * 2 ** min(request.attempts, 16)
    due_at = now() + min(_LONGEST_WAIT, wait or doubled)
    return await database.write(by, lambda uow: request_put_off(uow, request.id, due_at, reason))


async def review_invitation(request: ReviewRequest, order: Order) -> ReviewInvitation:
    """What a platform is asked to send."""
    customer = await Customer.get_or_none(id=order.customer_id) if order.customer_id else None
    address = order.shipping_address or {}
    return ReviewInvitation(
        idempotency_key=str(request.id),
        reference=str(request.id),
        order_number=order.number,
        email=order.email,
        customer_name=(customer.name if customer else "") or address.get("name", ""),
        products=await _products(order),
        delivered_at=await arrived_at(order),
        send_at=request.send_at,
        channel=order.channel,
        locale=order.locale,
        country=address.get("country", ""),
    )


async def _products(order: Order) -> tuple[ReviewProduct, ...]:
    """What the customer has and keeps, each product once."""
    lines = await OrderLine.filter(order_id=order.id, delivered__gt=0).order_by("position")
    kept: dict[str, OrderLine] = {}
    for line in lines:
        if line.delivered > line.returned:
            kept.setdefault(line.sku, line)
    variants = await variants_by_id([line.variant_id for line in kept.values() if line.variant_id])
    products = []
    for line in kept.values():
        variant = variants.get(line.variant_id) if line.variant_id else None
        products.append(
            ReviewProduct(
                sku=line.sku,
                title=line.title,
                barcode=variant.barcode if variant else "",
                url=variant.url if variant else "",
                image_url=variant.image_url if variant else "",
            )
        )
    return tuple(products)
