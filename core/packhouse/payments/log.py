"""The payment log's rows as the values that the rules sum."""

from packhouse.payments.models import PaymentEvent
from packhouse.payments.rules import LoggedPayment
from packhouse.payments.states import PaymentKind, PaymentOutcome


def logged(row: PaymentEvent) -> LoggedPayment:
    """A row of the log for `packhouse.payments.rules.payment_status`."""
    return LoggedPayment(
        kind=PaymentKind(row.kind), outcome=PaymentOutcome(row.outcome), amount_minor=row.amount, attempt=row.attempt
    )
