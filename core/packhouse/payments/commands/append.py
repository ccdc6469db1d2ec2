"""Writing the payment log: entries are only ever added, and one that is known already is not added again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.events.record import record
from packhouse.orders.models import Order
from packhouse.payments.models import PaymentEvent
from packhouse.payments.states import PaymentKind, PaymentOutcome
from packhouse.sdk import EventType, Refused, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class PaymentEntry:
    """What happened to the order's money; `amount` in minor units of its currency."""

    kind: PaymentKind
    outcome: PaymentOutcome
    amount: int
    provider: str = ""
    method: str = ""
    external_id: str = ""
    attempt: str = ""
    note: str = ""
    occurred_at: datetime | None = None


async def locked_order(order_id: UUID, field: str = "orderId") -> Order:
    """The order, locked until the end of the transaction: whoever changes its money waits for it.

    Raises:
        Refused: NOT_FOUND.
    """
    order = await Order.filter(id=order_id).select_for_update().first()
    if order is None:
        raise Refused("NOT_FOUND", f"there is no order {order_id}", field)
    return order


async def known_entry(order_id: UUID, entry: PaymentEntry) -> PaymentEvent | None:
    """The entry as it was written before, recognised by its external id; None without one, or where it is new."""
    if not entry.external_id:
        return None
    return await PaymentEvent.get_or_none(
        order_id=order_id,
        kind=entry.kind.value,
        outcome=entry.outcome.value,
        external_id=entry.external_id,
        grown_to=0,
    )


async def append_payment(uow: UnitOfWork, order: Order, entry: PaymentEntry) -> PaymentEvent:
    """Add an entry to the log of a locked order, or find the one that is there already.

    A channel may tell of our own refund before we heard of it ourselves: then its entry is tied to our attempt.
    """
    known = await known_entry(order.id, entry)
    if known is not None:
        if entry.attempt and not known.attempt:
            await PaymentEvent.filter(id=known.id).update(attempt=entry.attempt)
        return known
    row = await PaymentEvent.create(
        order_id=order.id,
        kind=entry.kind.value,
        outcome=entry.outcome.value,
        amount=entry.amount,
        provider=entry.provider,
        method=entry.method,
        external_id=entry.external_id,
        attempt=entry.attempt,
        note=entry.note[:255],
        occurred_at=entry.occurred_at or now(),
    )
    await Order.filter(id=order.id).update(updated_at=now())
    record(
        uow,
        EventType.PAYMENT_RECORDED,
        row.id,
        order_id=order.id,
        reason=row.note,
        occurred_at=row.occurred_at,
        payload={
            "kind": row.kind,
            "outcome": row.outcome,
            "amount": row.amount,
            "currency": order.currency,
            "provider": row.provider,
        },
    )
    return row
