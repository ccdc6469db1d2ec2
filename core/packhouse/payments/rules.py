"""What the payment log adds up to."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from packhouse.payments.states import PaymentKind, PaymentOutcome, PaymentStatus
from packhouse.sdk.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class LoggedPayment:
    """One entry of the log; `amount_minor` in minor units, never negative.

    `payment` names the payment it belongs to (one order may be paid by card and voucher): a charge uses up only its own
    payment's authorization. `attempt` ties a request to its answer; without it they are matched by amount alone.

    Raises:
        InvalidValue: the amount is negative.
    """

    kind: PaymentKind
    outcome: PaymentOutcome
    amount_minor: int
    payment: str = ""
    attempt: str = ""

    def __post_init__(self) -> None:
        if self.amount_minor < 0:
            raise InvalidValue("amount", f"a payment entry cannot be negative: {self.amount_minor}")


@dataclass(frozen=True, slots=True)
class PaymentSummary:
    """What an order's money adds up to, all in minor units of its currency.

    `authorized` may still be charged; `charged` and `refunded` are what succeeded (a refund that bounced does not count),
    `charged_back` what banks took back. `charging` and `refunding` were asked for and have no clear answer yet.
    `refundable` leaves out what is being refunded, so that nothing is given back twice; `outstanding` is what the
    customer still owes, `overpaid` what is kept beyond the total.
    """

    status: PaymentStatus
    authorized: int
    charged: int
    charged_back: int
    refunded: int
    charging: int
    refunding: int
    refundable: int
    outstanding: int
    overpaid: int


def payment_status(entries: Iterable[LoggedPayment], total_minor: int) -> PaymentSummary:
    """Sum the log against what is due now (changes and cancelled lines already taken off, returns not).

    The order of the entries does not matter. A chargeback undoes a charge, so its amount is owed again; a refund is our
    decision, so its amount is not.

    Raises:
        InvalidValue: the total is negative.
    """
    if total_minor < 0:
        raise InvalidValue("total", f"an order's total cannot be negative: {total_minor}")
    entries = tuple(entries)
    charged = _succeeded(entries, PaymentKind.CHARGE)
    charged_back = _succeeded(entries, PaymentKind.CHARGEBACK)
    refunded = max(0, _succeeded(entries, PaymentKind.REFUND) - _succeeded(entries, PaymentKind.REFUND_REVERSE))
    refunding = _unanswered(entries, PaymentKind.REFUND)
    received = max(0, charged - charged_back)
    authorized = _authorized(entries)
    return PaymentSummary(
        status=_status(received, refunded, authorized, total_minor),
        authorized=authorized,
        charged=charged,
        charged_back=charged_back,
        refunded=refunded,
        charging=_unanswered(entries, PaymentKind.CHARGE),
        refunding=refunding,
        refundable=max(0, received - refunded - refunding),
        outstanding=max(0, total_minor - received),
        overpaid=max(0, received - refunded - total_minor),
    )


def _status(received: int, refunded: int, authorized: int, total: int) -> PaymentStatus:
    kept = received - refunded
    if kept > total:
        return PaymentStatus.OVERPAID
    if refunded and kept <= 0:
        return PaymentStatus.REFUNDED
    # Nothing to pay is paid; so is a total that remains after the excess was given back.
    if kept == total:
        return PaymentStatus.PAID
    if refunded:
        return PaymentStatus.PARTIALLY_REFUNDED
    if kept:
        return PaymentStatus.PARTIALLY_PAID
    return PaymentStatus.AUTHORIZED if authorized else PaymentStatus.NONE


def _succeeded(entries: Iterable[LoggedPayment], kind: PaymentKind) -> int:
    return sum(e.amount_minor for e in entries if e.kind is kind and e.outcome is PaymentOutcome.SUCCESS)


def _authorized(entries: Iterable[LoggedPayment]) -> int:
    # Payment by payment: a voucher's charge leaves the card's authorization as it is.
    sign = {PaymentKind.AUTHORIZATION: 1, PaymentKind.CHARGE: -1, PaymentKind.CANCEL: -1}
    left: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        if entry.outcome is PaymentOutcome.SUCCESS:
            left[entry.payment] += sign.get(entry.kind, 0) * entry.amount_minor
    return sum(max(0, amount) for amount in left.values())


def _unanswered(entries: Iterable[LoggedPayment], kind: PaymentKind) -> int:
    # A request and its doubt are one attempt; success or failure answers both.
    attempts: defaultdict[tuple[str, str], defaultdict[PaymentOutcome, int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        if entry.kind is kind:
            attempts[entry.payment, entry.attempt][entry.outcome] += entry.amount_minor
    return sum(
        max(
            0,
            max(amounts[PaymentOutcome.REQUEST], amounts[PaymentOutcome.IN_DOUBT])
            - amounts[PaymentOutcome.SUCCESS]
            - amounts[PaymentOutcome.FAILURE],
        )
        for amounts in attempts.values()
    )
