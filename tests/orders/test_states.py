from packhouse.orders.states import (
    ORDER_STATUS,
    FulfillmentStatus,
    HoldReason,
    OrderPhase,
    PaymentStatus,
    ReturnStatus,
)
from packhouse.testing.machines import prove_machine


def test_order_status() -> None:
    prove_machine(
        ORDER_STATUS,
        """
        * draft     → pending | cancelled
        * pending   → confirmed | cancelled | expired
          confirmed → completed | cancelled
          completed → confirmed
          cancelled → .
          expired   → .
        """,
    )


def test_phases_stand_in_their_order_of_precedence() -> None:
    assert list(OrderPhase) == [
        "cancelled",
        "delivered",
        "in_transit",
        "failed",
        "held",
        "amending",
        "backordered",
        "ready",
    ]


def test_words_of_the_derived_axes() -> None:
    assert " ".join(FulfillmentStatus) == (
        "unfulfilled partially_shipped shipped partially_delivered delivered cancelled"
    )
    assert " ".join(PaymentStatus) == "none authorized partially_paid paid overpaid partially_refunded refunded"
    assert " ".join(ReturnStatus) == "none in_progress partially_returned returned"


def test_reasons_to_hold() -> None:
    assert " ".join(HoldReason) == (
        "payment fraud address out_of_stock customer_request awaiting_return cancellation review other"
    )
