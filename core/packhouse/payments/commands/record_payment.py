"""Recording what happened to an order's money somewhere else: at the checkout, in the bank, at the provider."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from packhouse.payments.commands.append import PaymentEntry, append_payment, known_entry, locked_order
from packhouse.payments.models import PaymentEvent
from packhouse.payments.states import PaymentKind, PaymentOutcome
from packhouse.sdk import InvalidValue, Money, Refused
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class RecordPayment:
    """An entry for the payment log. `external_id` is the provider's id of it: with it, a repeat is recognised."""

    order_id: UUID
    kind: PaymentKind
    amount: Money
    outcome: PaymentOutcome = PaymentOutcome.SUCCESS
    provider: str = ""
    method: str = ""
    external_id: str = ""
    note: str = ""
    occurred_at: datetime | None = None


async def record_payment(uow: UnitOfWork, data: RecordPayment) -> PaymentEvent:
    """Add an entry to the payment log; one whose external id is known changes nothing and is given back as it is.

    Raises:
        InvalidValue: an amount below nothing, or a text that is too long.
        Refused: NOT_FOUND, CURRENCY_MISMATCH, CONTRADICTS_PAYMENT (the external id is known with another amount).
    """
    _check(data)
    order = await locked_order(data.order_id)
    if data.amount.currency != order.currency:
        raise Refused(
            "CURRENCY_MISMATCH", f"{data.amount} is not in {order.currency}, as order {order.number} is", "amount"
        )
    entry = PaymentEntry(
        kind=data.kind,
        outcome=data.outcome,
        amount=data.amount.minor,
        provider=data.provider,
        method=data.method,
        external_id=data.external_id,
        note=data.note,
        occurred_at=data.occurred_at,
    )
    known = await known_entry(order.id, entry)
    if known is None:
        return await append_payment(uow, order, entry)
    if known.amount != entry.amount:
        before = Money.from_minor(known.amount, order.currency)
        raise Refused(
            "CONTRADICTS_PAYMENT",
            f"{data.kind.value} {data.external_id} of order {order.number} is recorded with {before}, not {data.amount};"
            " the log is never changed, so record the difference as an entry of its own",
            "amount",
        )
    return known


def _check(data: RecordPayment) -> None:
    if data.amount.minor < 0:
        raise InvalidValue("amount", f"{data.amount} is below nothing; the kind says which way the money went")
    if data.occurred_at is not None and data.occurred_at.tzinfo is None:
        raise InvalidValue("occurredAt", "a time needs its offset from UTC, as in 2026-01-31T12:00:00Z")
    for field, text, longest in (
        ("provider", data.provider, 64),
        ("method", data.method, 64),
        ("externalId", data.external_id, 128),
    ):
        if len(text) > longest:
            raise InvalidValue(field, f"longer than {longest} characters")
