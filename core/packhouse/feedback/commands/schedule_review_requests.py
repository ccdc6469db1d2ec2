"""Planning to ask a customer for a review, once everything that was not cancelled has arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from packhouse.customers.queries import state_of
from packhouse.feedback.models import ReviewRequest
from packhouse.feedback.states import REVIEW_REQUEST_STATUS, ReviewRequestStatus
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import ConsentPurpose, ConsentState, now
from packhouse.shipping.models import Shipment
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class ScheduleReviewRequests:
    """An order of which something arrived, the codes of the review platforms, and days from delivery to the question."""

    order_id: UUID
    platforms: tuple[str, ...]
    delay_days: int


async def schedule_review_requests(uow: UnitOfWork, data: ScheduleReviewRequests) -> list[ReviewRequest]:
    """Plan one request for each platform; none while something is still to come, and none twice.

    Nobody is asked about imported history, without an e-mail address, or who does not want to be asked: the request is kept as
    skipped, with the reason.
    """
    order = await Order.filter(id=data.order_id).select_for_update().first()
    if order is None or not await _is_all_there(order):
        return []
    asked = {request.platform for request in await ReviewRequest.filter(order_id=order.id)}
    send_at = await arrived_at(order) + timedelta(days=data.delay_days)
    platforms = [code for code in data.platforms if code not in asked]
    reason = await objection(order) if platforms else ""
    return [await _plan(order, platform, send_at, reason) for platform in platforms]


async def _plan(order: Order, platform: str, send_at: datetime, reason: str) -> ReviewRequest:
    status = ReviewRequestStatus.SCHEDULED
    if reason:
        REVIEW_REQUEST_STATUS.check(status, ReviewRequestStatus.SKIPPED)
        status = ReviewRequestStatus.SKIPPED
    return await ReviewRequest.create(
        order_id=order.id,
        platform=platform,
        status=status.value,
        reason=reason,
        send_at=send_at,
        due_at=None if reason else send_at,
    )


async def objection(order: Order) -> str:
    """Why its customer is not asked; empty where nothing speaks against it."""
    if order.is_imported:
        return "the order is imported history"
    if not order.email:
        return "the order has no e-mail address"
    state = await state_of(order.customer_id, ConsentPurpose.REVIEWS)
    return "the customer does not want to be asked for reviews" if state is ConsentState.DENIED else ""


async def _is_all_there(order: Order) -> bool:
    return all_arrived(await OrderLine.filter(order_id=order.id, requires_shipping=True))


def all_arrived(lines: Sequence[OrderLine]) -> bool:
    """Whether there was something to deliver, and every unit of it that was not cancelled has arrived."""
    wanted = [(line.ordered - line.cancelled, line.delivered) for line in lines]
    return any(units for units, _ in wanted) and all(delivered >= units for units, delivered in wanted)


async def arrived_at(order: Order) -> datetime:
    """When the last parcel of an order arrived."""
    newest = await Shipment.filter(order_id=order.id, delivered_at__isnull=False).order_by("-delivered_at").first()
    if newest is not None and newest.delivered_at is not None:
        return newest.delivered_at
    return order.completed_at or now()
