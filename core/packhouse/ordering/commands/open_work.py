"""Opening work that waited: when all of it is there, and its day has come."""

from collections.abc import Sequence

from packhouse.fulfillment.commands.load import lock_orders
from packhouse.fulfillment.commands.requested import record_requested
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus
from packhouse.inventory.models import Backorder
from packhouse.inventory.states import BackorderStatus
from packhouse.sdk import now
from packhouse.storage import Database, Initiator, UnitOfWork

_AT_ONCE = 50
_WAITING = {FulfillmentOrderStatus.BACKORDERED, FulfillmentOrderStatus.SCHEDULED}


async def open_ready(uow: UnitOfWork, work: Sequence[FulfillmentOrder]) -> None:
    """Open those of some locked work of which nothing waits any more; scheduled work waits for its day, and then for stock."""
    at = now()
    waiting = [row for row in work if row.status in _WAITING]
    due = [row for row in waiting if row.fulfill_at is None or row.fulfill_at <= at]
    if not due:
        return
    lines = await FulfillmentOrderLine.filter(fulfillment_order_id__in=[row.id for row in due])
    short = set(
        await Backorder.filter(
            fulfillment_order_line_id__in=[line.id for line in lines], status=BackorderStatus.WAITING.value
        ).values_list("fulfillment_order_line_id", flat=True)
    )
    for row in due:
        own = [line for line in lines if line.fulfillment_order_id == row.id]
        if any(line.id in short for line in own):
            await _move(row, FulfillmentOrderStatus.BACKORDERED)
            continue
        await _move(row, FulfillmentOrderStatus.OPEN)
        units = sum(line.quantity - line.cancelled for line in own)
        record_requested(uow, row.order_id, row.id, row.location_id, row.network, units)


async def _move(row: FulfillmentOrder, to: FulfillmentOrderStatus) -> None:
    if row.status != to:
        FULFILLMENT_ORDER_STATUS.check(FulfillmentOrderStatus(row.status), to)
        await FulfillmentOrder.filter(id=row.id).update(status=to.value)


async def open_due(database: Database, by: Initiator) -> int:
    """Open every pre-order whose day has come, some at a time; returns how many. What has no stock waits for it."""

    async def open_some(uow: UnitOfWork) -> int:
        due = await (
            FulfillmentOrder.filter(status=FulfillmentOrderStatus.SCHEDULED.value, fulfill_at__lte=now())
            .order_by("fulfill_at", "id")
            .limit(_AT_ONCE)
        )
        await lock_orders(row.order_id for row in due)
        locked = FulfillmentOrder.filter(id__in=[row.id for row in due]).order_by("id").select_for_update()
        await open_ready(uow, await locked)
        return len(due)

    opened = 0
    while some := await database.write(by, open_some):
        opened += some
    return opened
