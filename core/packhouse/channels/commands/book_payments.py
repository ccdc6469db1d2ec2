"""The money that a channel reports: booked as it grows, never twice."""

from packhouse.channels.models import Channel
from packhouse.events.record import record
from packhouse.orders.models import Order
from packhouse.payments.log import logged
from packhouse.payments.models import PaymentEvent
from packhouse.payments.rules import PaymentSummary, payment_status
from packhouse.payments.states import PaymentKind, PaymentOutcome
from packhouse.sdk import EventType, IncomingOrder, IncomingPayment, Refused, now
from packhouse.storage import UnitOfWork


async def book_payments(uow: UnitOfWork, order: Order, channel: Channel, incoming: IncomingOrder) -> bool:
    """Book what the channel reports beyond what is booked; returns whether that was anything.

    A channel reports one payment with a growing amount (paid in parts): the difference is booked.

    Raises:
        Refused: CURRENCY_MISMATCH.
    """
    booked = await PaymentEvent.filter(order_id=order.id, outcome=PaymentOutcome.SUCCESS.value)
    fresh = [await _book(uow, order, channel, payment, booked) for payment in incoming.payments]
    return any(fresh)


async def money_of(order: Order) -> PaymentSummary:
    """What the order's payment events add up to."""
    rows = await PaymentEvent.filter(order_id=order.id)
    return payment_status(map(logged, rows), order.total)


async def _book(
    uow: UnitOfWork, order: Order, channel: Channel, payment: IncomingPayment, booked: list[PaymentEvent]
) -> bool:
    if payment.amount.currency != order.currency:
        raise Refused(
            "CURRENCY_MISMATCH", f"{payment.amount} is not in the order's currency {order.currency}", "payments"
        )
    same = [row for row in booked if row.kind == payment.kind and row.external_id == payment.external_id]
    amount = payment.amount.minor - sum(row.amount for row in same)
    if amount <= 0:
        return False
    row = await PaymentEvent.create(
        order_id=order.id,
        kind=PaymentKind(payment.kind).value,
        outcome=PaymentOutcome.SUCCESS.value,
        amount=amount,
        provider=payment.provider or channel.provider or channel.code,
        method=payment.method[:64],
        external_id=payment.external_id,
        grown_to=payment.amount.minor if same else 0,
        occurred_at=payment.occurred_at or now(),
    )
    payload = {"kind": row.kind, "outcome": row.outcome, "amount": amount, "currency": order.currency}
    record(uow, EventType.PAYMENT_RECORDED, row.id, order_id=order.id, payload=payload)
    return True
