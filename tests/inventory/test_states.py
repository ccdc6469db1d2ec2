from packhouse.inventory.states import ALLOCATION_STATUS, RESERVATION_STATUS
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
