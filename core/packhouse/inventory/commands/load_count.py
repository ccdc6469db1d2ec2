"""Loading a stock count to change it, and putting it forward."""

from uuid import UUID

from packhouse.events.record import record
from packhouse.inventory.models import StockCount
from packhouse.inventory.states import STOCK_COUNT_STATUS, StockCountStatus
from packhouse.sdk import EventType, Refused, new_id
from packhouse.storage import UnitOfWork


async def locked_count(id_: UUID) -> StockCount:
    """The count, locked until the end of the transaction.

    Raises:
        Refused: NOT_FOUND.
    """
    count = await StockCount.filter(id=id_).select_for_update().get_or_none()
    if count is None:
        raise Refused("NOT_FOUND", f"there is no stock count {id_}", "stockCountId")
    return count


async def put_count(uow: UnitOfWork, count: StockCount, to: StockCountStatus, reason: str = "") -> None:
    """Put a count into another status, save all of it, and tell.

    Raises:
        IllegalTransition: it cannot go there.
    """
    was = StockCountStatus(count.status)
    STOCK_COUNT_STATUS.check(was, to)
    count.status = to.value
    await count.save()
    tell_count(uow, count, reason, was.value)


def tell_count(uow: UnitOfWork, count: StockCount, reason: str, was: str = "") -> None:
    """Record that a count was made, or went on."""
    record(
        uow,
        EventType.STOCK_COUNT_CHANGED,
        new_id(),
        reason=reason,
        payload={
            "stock_count_id": str(count.id),
            "location_id": str(count.location_id),
            "status": count.status,
            "was": was,
            "fulfillment_order_id": str(count.fulfillment_order_id) if count.fulfillment_order_id else "",
        },
    )
