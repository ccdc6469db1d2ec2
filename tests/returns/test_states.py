from packhouse.returns.states import RETURN_LINE_CUSTODY, RETURN_LINE_MONEY, RETURN_STATUS, Disposition
from packhouse.testing.machines import prove_machine


def test_return_status() -> None:
    prove_machine(
        RETURN_STATUS,
        """
        * requested          → approved | declined | cancelled
          approved           → in_transit | partially_received | received | cancelled
          in_transit         → partially_received | received | cancelled
          partially_received → received
          received           → closed
          declined           → .
          closed             → .
          cancelled          → .
        """,
    )


def test_custody_of_a_return_line() -> None:
    prove_machine(
        RETURN_LINE_CUSTODY,
        """
        * advised      → in_transit | received | not_returned
          in_transit   → received | not_returned
          received     → inspected
          inspected    → disposed
          disposed     → .
          not_returned → .
        """,
    )


def test_money_of_a_return_line() -> None:
    prove_machine(
        RETURN_LINE_MONEY,
        """
        * not_refundable → .
        * pending        → in_doubt | refunded | denied
          in_doubt       → refunded | denied | pending
          refunded       → .
          denied         → .
        """,
    )


def test_dispositions() -> None:
    assert " ".join(Disposition) == "restock quarantine scrap send_back"
