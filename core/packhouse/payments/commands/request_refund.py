"""Deciding to give money back: the intent, written and bounded before anybody outside is asked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.orders.models import Order
from packhouse.payments.commands.append import PaymentEntry, append_payment, locked_order
from packhouse.payments.log import logged
from packhouse.payments.models import PaymentEvent, Refund
from packhouse.payments.rules import payment_status
from packhouse.payments.states import PaymentKind, PaymentOutcome, RefundStatus
from packhouse.sdk import InvalidValue, Money, Refused, now
from packhouse.storage import UnitOfWork

BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Money to give back; without `amount`, all that can be.

    Where no payment came through a provider, or with `by_hand`, somebody has given it back already: then a `reason` is
    needed, and `reference` is the bank's or till's own.
    """

    order_id: UUID
    amount: Money | None = None
    reason: str = ""
    reference: str = ""
    by_hand: bool = False
    return_id: UUID | None = None
    retry_of_id: UUID | None = None


async def request_refund(uow: UnitOfWork, data: RefundOrder, refunding: Collection[str]) -> Refund:
    """Write a refund as requested; `refunding` are the codes of the providers that refund.

    The order stays locked until the end of the transaction, so refunds side by side never exceed what was paid.

    Raises:
        InvalidValue: an amount of nothing or less, or by hand without a reason.
        Refused: NOT_FOUND, CURRENCY_MISMATCH, NOTHING_TO_REFUND, REFUND_TOO_LARGE, SPLIT_THE_REFUND,
            PROVIDER_NOT_REGISTERED, ALREADY_RECORDED.
    """
    _check(data)
    order = await locked_order(data.order_id)
    entries = await PaymentEvent.filter(order_id=order.id).order_by("occurred_at", "id")
    refunds = await Refund.filter(order_id=order.id)
    amount = _amount(order, data, payment_status(map(logged, entries), order.total).refundable)
    charge = None if data.by_hand else _charge_for(order, amount, entries, refunds, refunding)
    if charge is None:
        await _check_by_hand(order, data)
    refund = await Refund.create(
        order_id=order.id,
        return_id=data.return_id,
        charge_id=charge.id if charge else None,
        retry_of_id=data.retry_of_id,
        amount=amount,
        provider=charge.provider if charge else "",
        reference="" if charge else data.reference,
        status=RefundStatus.REQUESTED.value,
        reason=data.reason,
        created_at=now(),
    )
    await append_payment(uow, order, entry_of(refund, PaymentOutcome.REQUEST, note=data.reason))
    return refund


def entry_of(refund: Refund, outcome: PaymentOutcome, *, reference: str = "", note: str = "") -> PaymentEntry:
    """The log's entry about a refund, with the provider's reference once there is one."""
    return PaymentEntry(
        kind=PaymentKind.REFUND,
        outcome=outcome,
        amount=refund.amount,
        provider=refund.provider,
        method="" if refund.provider else BY_HAND,
        external_id=reference,
        attempt=str(refund.id),
        note=note,
    )


def _check(data: RefundOrder) -> None:
    if data.amount is not None and data.amount.minor <= 0:
        raise InvalidValue("amount", f"{data.amount} is not an amount to give back")
    for field, text, longest in (("reason", data.reason, 255), ("reference", data.reference, 128)):
        if len(text) > longest:
            raise InvalidValue(field, f"longer than {longest} characters")


def _amount(order: Order, data: RefundOrder, refundable: int) -> int:
    if data.amount is not None and data.amount.currency != order.currency:
        raise Refused(
            "CURRENCY_MISMATCH", f"{data.amount} is not in {order.currency}, as order {order.number} is", "amount"
        )
    if not refundable:
        raise Refused("NOTHING_TO_REFUND", f"nothing paid for order {order.number} is left to give back", "orderId")
    if data.amount is not None and data.amount.minor > refundable:
        most = Money.from_minor(refundable, order.currency)
        raise Refused(
            "REFUND_TOO_LARGE",
            f"{data.amount} is more than the {most} left of what was paid for order {order.number},"
            " refunds under way and in doubt taken off",
            "amount",
        )
    return data.amount.minor if data.amount else refundable


def _charge_for(
    order: Order, amount: int, entries: Sequence[PaymentEvent], refunds: Sequence[Refund], refunding: Collection[str]
) -> PaymentEvent | None:
    """The first charge of a refunding provider with so much left; None where no charge came through any provider."""
    taken = [
        entry
        for entry in entries
        if entry.kind == PaymentKind.CHARGE and entry.outcome == PaymentOutcome.SUCCESS and entry.provider
    ]
    if not taken:
        return None
    charges = [entry for entry in taken if entry.provider in refunding]
    if not charges:
        raise Refused(
            "PROVIDER_NOT_REGISTERED",
            f"order {order.number} was paid through {taken[0].provider}, and no loaded plugin refunds there: load it, or give"
            " the money back there yourself and record the refund as made by hand",
            "byHand",
        )
    left = {charge.id: charge.amount - _taken_from(charge, refunds) for charge in charges}
    for charge in charges:
        if left[charge.id] >= amount:
            return charge
    most = Money.from_minor(max(left.values()), order.currency)
    raise Refused(
        "SPLIT_THE_REFUND",
        f"no single payment of order {order.number} has so much left, the largest has {most}: give it back in parts, or by"
        " hand",
        "amount",
    )


def _taken_from(charge: PaymentEvent, refunds: Sequence[Refund]) -> int:
    return sum(
        refund.amount for refund in refunds if refund.charge_id == charge.id and refund.status != RefundStatus.FAILED
    )


async def _check_by_hand(order: Order, data: RefundOrder) -> None:
    if not data.reason.strip():
        raise InvalidValue(
            "reason", "no provider gives this money back: say why and how somebody has given it back by hand"
        )
    if data.reference and await PaymentEvent.exists(
        order_id=order.id,
        kind=PaymentKind.REFUND.value,
        outcome=PaymentOutcome.SUCCESS.value,
        external_id=data.reference,
    ):
        raise Refused(
            "ALREADY_RECORDED", f"refund {data.reference} of order {order.number} is recorded already", "reference"
        )
