from packhouse.inventory.states import (
    ALLOCATION_STATUS,
    BACKORDER_STATUS,
    INBOUND_STATUS,
    LOT_STATUS,
    RESERVATION_STATUS,
    STOCK_COUNT_STATUS,
)
from packhouse.testing.machines import prove_machine


def test_reservation_status() -> None:
    prove_machine(
        RESERVATION_STATUS,
        """
        * active   → consumed | released | expired
          consumed → .
          released → .
          expired  → .
        """,
    )


def test_allocation_status() -> None:
    prove_machine(
        ALLOCATION_STATUS,
        """
        * allocated → shipped | released
          shipped   → .
          released  → .
        """,
    )


def test_backorder_status() -> None:
    prove_machine(
        BACKORDER_STATUS,
        """
        * waiting  → supplied | released
          supplied → .
          released → .
        """,
    )


def test_inbound_status() -> None:
    prove_machine(
        INBOUND_STATUS,
        """
        * announced          → partially_received | closed | cancelled
          partially_received → closed
          closed             → .
          cancelled          → .
        """,
    )


def test_lot_status() -> None:
    prove_machine(
        LOT_STATUS,
        """
        * released    → quarantined | recalled
          quarantined → released | recalled
          recalled    → .
        """,
    )


def test_stock_count_status() -> None:
    prove_machine(
        STOCK_COUNT_STATUS,
        """
        * draft     → counting | cancelled
          counting  → submitted | cancelled
          submitted → approved | rejected | counting | cancelled
          approved  → closed | counting
          rejected  → counting | cancelled
          closed    → .
          cancelled → .
        """,
    )
