from packhouse.ordering.states import ORDER_CHANGE_STATUS
from packhouse.testing.machines import prove_machine


def test_order_change_status() -> None:
    prove_machine(
        ORDER_CHANGE_STATUS,
        """
        * pending   → requested | cancelled | expired
          requested → confirmed | declined | cancelled | expired
          confirmed → .
          declined  → .
          cancelled → .
          expired   → .
        """,
    )
