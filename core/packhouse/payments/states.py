"""What can happen to an order's money, and how far a refund has come."""

from enum import StrEnum

from packhouse.orders.states import PaymentStatus
from packhouse.sdk.states import StateMachine

# An axis of the order, so it lives with the order; offered here because this room is the one that works it out.
__all__ = ["REFUND_STATUS", "PaymentKind", "PaymentOutcome", "PaymentStatus", "RefundStatus"]


class PaymentKind(StrEnum):
    """What an entry in the payment log is about."""

    AUTHORIZATION = "authorization"
    CHARGE = "charge"
    REFUND = "refund"
    CANCEL = "cancel"
    CHARGEBACK = "chargeback"
    REFUND_REVERSE = "refund_reverse"


class PaymentOutcome(StrEnum):
    """What became of it: the log is append-only, so a request and its answer are two entries."""

    REQUEST = "request"
    SUCCESS = "success"
    FAILURE = "failure"
    IN_DOUBT = "in_doubt"


class RefundStatus(StrEnum):
    """How far money that we decided to give back has come."""

    REQUESTED = "requested"
    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


# In doubt goes back to requested only after the provider said that nothing happened: never repeat blindly.
REFUND_STATUS = StateMachine(
    entity="Refund.status",
    initial=frozenset({RefundStatus.REQUESTED}),
    table={
        RefundStatus.REQUESTED: frozenset({RefundStatus.DONE, RefundStatus.FAILED, RefundStatus.IN_DOUBT}),
        RefundStatus.IN_DOUBT: frozenset({RefundStatus.DONE, RefundStatus.FAILED, RefundStatus.REQUESTED}),
        RefundStatus.DONE: frozenset(),
        RefundStatus.FAILED: frozenset(),
    },
)
