"""What this room does by the clock: ask the customers whose time has come, and fetch what they said."""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from packhouse.customers.models import Customer
from packhouse.events.calls import call_provider
from packhouse.events.failures import describe
from packhouse.feedback.commands.schedule_review_requests import arrived_at
from packhouse.feedback.commands.send_review_request import request_put_off, request_sent, request_skipped
from packhouse.feedback.commands.take_in_review import TakeInReview, TakenIn, take_in_review
from packhouse.feedback.models import QuarantinedReview, ReviewCursor, ReviewRequest
from packhouse.feedback.states import ReviewRequestStatus
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import (
    CollectsReviews,
    IncomingReview,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    Providers,
    Refused,
    ReviewInvitation,
    ReviewPage,
    now,
)
from packhouse.storage import Database, Initiator, UnitOfWork

log = logging.getLogger(__name__)

_BATCH = 500
_MOST_PAGES = 1_000
_MOST_ATTEMPTS = 12
_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(days=1)
_PULL_SECONDS = 60.0


@dataclass
class PulledReviews:
    """What a pull from one platform brought, in reviews; `error` is empty where it went through to the end."""

    platform: str
    counts: Counter[TakenIn] = field(default_factory=Counter)
    error: str = ""


async def send_due_review_requests(database: Database, providers: Providers, by: Initiator) -> Counter[str]:
    """Ask every customer whose time has come, each once; one that does not work never keeps the others waiting.

    Returns how many requests are in which status now: sent, skipped, or still scheduled because they were put off.
    """
    due = ReviewRequest.filter(due_at__lte=now(), status=ReviewRequestStatus.SCHEDULED.value)
    counts: Counter[str] = Counter()
    for request in await due.order_by("due_at").limit(_BATCH):
        after = await _ask(database, providers, by, request)
        counts[after.status] += 1
    return counts


async def pull_reviews(database: Database, providers: Providers, by: Initiator) -> list[PulledReviews]:
    """Fetch new reviews from every platform; a platform or a review that does not work never keeps the others waiting.

    A cursor moves on only when every review before it is kept: recorded, or in quarantine with the reason.
    """
    return [
        await _pull(database, by, code, provider)
        for code, provider in sorted(providers.reviews.items())
        if isinstance(provider, CollectsReviews)
    ]


async def _ask(database: Database, providers: Providers, by: Initiator, request: ReviewRequest) -> ReviewRequest:
    provider: object = providers.reviews.get(request.platform)
    if not isinstance(provider, CollectsReviews):
        return await _put_off(database, by, request, f"no plugin for platform {request.platform} is loaded")
    invitation = await _invitation(request)
    if not invitation.email:
        return await database.write(by, lambda uow: request_skipped(uow, request.id, "the order has no e-mail address"))

    async def send() -> str:
        return await provider.invite(invitation)

    async def sent(uow: UnitOfWork, external_id: str) -> ReviewRequest:
        return await request_sent(uow, request.id, external_id)

    try:
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
    except Refused as refused:
        log.info("Review request %s is left to another worker: %s", request.id, refused.message)
        return await ReviewRequest.get(id=request.id)
    except ProviderError as error:
        return await _not_sent(database, by, request, error)


async def _not_sent(database: Database, by: Initiator, request: ReviewRequest, error: ProviderError) -> ReviewRequest:
    """Asked twice is worse than not asked: what may have been sent is not sent again."""
    reason = describe(error)
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


async def _invitation(request: ReviewRequest) -> ReviewInvitation:
    order = await Order.get(id=request.order_id)
    lines = await OrderLine.filter(order_id=order.id, delivered__gt=0).order_by("position")
    customer = await Customer.get_or_none(id=order.customer_id) if order.customer_id else None
    return ReviewInvitation(
        idempotency_key=str(request.id),
        reference=str(request.id),
        order_number=order.number,
        email=order.email,
        customer_name=(customer.name if customer else "") or (order.shipping_address or {}).get("name", ""),
        skus=tuple(dict.fromkeys(line.sku for line in lines)),
        delivered_at=await arrived_at(order),
    )


async def _pull(database: Database, by: Initiator, platform: str, provider: CollectsReviews) -> PulledReviews:
    pulled = PulledReviews(platform)
    try:
        await _retry_quarantined(database, by, pulled)
        await _pull_pages(database, by, provider, pulled)
    except Exception as error:
        pulled.error = describe(error)
        log.exception("Reviews of %s could not be pulled to the end", platform)
        await _save_cursor(database, by, platform, None, pulled.error)
    if quarantined := pulled.counts[TakenIn.QUARANTINED]:
        log.warning("%s reviews of %s cannot be placed and wait in quarantine", quarantined, platform)
    return pulled


async def _pull_pages(database: Database, by: Initiator, provider: CollectsReviews, pulled: PulledReviews) -> None:
    row = await ReviewCursor.get_or_none(platform=pulled.platform)
    cursor = row.cursor if row else ""
    for _ in range(_MOST_PAGES):
        page = await _page(provider, cursor)
        for review in page.reviews:
            pulled.counts[await _take_in(database, by, pulled.platform, review)] += 1
        await _save_cursor(database, by, pulled.platform, page.cursor, "")
        if not page.cursor or page.cursor == cursor:
            return
        cursor = page.cursor


async def _page(provider: CollectsReviews, cursor: str) -> ReviewPage:
    async with asyncio.timeout(_PULL_SECONDS):
        return await provider.pull_reviews(cursor or None)


async def _take_in(database: Database, by: Initiator, platform: str, review: IncomingReview) -> TakenIn:
    return await database.write(by, lambda uow: take_in_review(uow, TakeInReview(platform, review)))


async def _retry_quarantined(database: Database, by: Initiator, pulled: PulledReviews) -> None:
    """Take in what can be placed now: the order may have come after its review."""
    rows = await QuarantinedReview.filter(platform=pulled.platform).order_by("received_at").limit(_BATCH)
    numbers = {order.number for order in await Order.filter(number__in=[row.order_number for row in rows])}
    for row in rows:
        if row.order_number in numbers:
            review = IncomingReview(
                external_id=row.external_id,
                order_number=row.order_number,
                score=row.score,
                title=row.title,
                body=row.body,
                sku=row.sku,
                created_at=row.created_at,
            )
            if await _take_in(database, by, pulled.platform, review) is TakenIn.RECORDED:
                pulled.counts[TakenIn.RECORDED] += 1


async def _save_cursor(database: Database, by: Initiator, platform: str, cursor: str | None, error: str) -> None:
    async def save(uow: UnitOfWork) -> None:  # noqa: ARG001  (every unit of work is handed one)
        row, _ = await ReviewCursor.get_or_create(platform=platform)
        row.last_error = error[:500]
        row.pulled_at = now()
        if cursor:
            row.cursor = cursor
        await row.save()

    await database.write(by, save)
