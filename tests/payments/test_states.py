from packhouse.orders import states as order_states
from packhouse.payments.states import REFUND_STATUS, PaymentKind, PaymentOutcome, PaymentStatus
from packhouse.testing.machines import prove_machine


def test_refund_status() -> None:
    prove_machine(
        REFUND_STATUS,
        """
        * requested → done | failed | in_doubt
          in_doubt  → done | failed | requested
          done      → .
          failed    → .
        """,
    )


def test_kinds_and_outcomes_of_payment_events() -> None:
    assert " ".join(PaymentKind) == "authorization charge refund cancel chargeback refund_reverse"
    assert " ".join(PaymentOutcome) == "request success failure in_doubt"


def test_payment_status_is_the_axis_of_the_order() -> None:
    assert PaymentStatus is order_states.PaymentStatus
