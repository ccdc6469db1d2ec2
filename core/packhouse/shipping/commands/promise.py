"""Promising a delivery: every promise is kept, the newest one counts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.fulfillment.commands.load import lock_orders, touch_orders
from packhouse.sdk import EventType, InvalidValue, Refused, now
from packhouse.shipping.models import DeliveryPromise
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class AddPromise:
    """What a customer was told: there by then. `source` says who promised it: checkout, carrier:ups, customer service."""

    order_id: UUID
    promised_by: datetime
    source: str


async def promise(uow: UnitOfWork, data: AddPromise) -> DeliveryPromise:
    """Append a promise to an order's ledger.

    Raises:
        InvalidValue: no source, or a moment without a time zone.
        Refused: NOT_FOUND.
    """
    if not data.source.strip():
        raise InvalidValue("source", "say who promised it")
    if data.promised_by.tzinfo is None:
        raise InvalidValue("promisedBy", "the moment needs a time zone")
    if not await lock_orders([data.order_id]):
        raise Refused("NOT_FOUND", f"there is no order {data.order_id}", "orderId")
    row = await DeliveryPromise.create(
        order_id=data.order_id, promised_by=data.promised_by, source=data.source[:64], made_at=now()
    )
    await touch_orders([data.order_id])
    record(
        uow,
        EventType.ORDER_CHANGED,
        row.id,
        order_id=data.order_id,
        payload={"promised_by": data.promised_by.isoformat(), "source": row.source},
    )
    return row
