from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, PICK_LIST_STATUS, REQUEST_STATUS
from packhouse.testing.machines import prove_machine


def test_fulfillment_order_status() -> None:
    prove_machine(
        FULFILLMENT_ORDER_STATUS,
        """
        * scheduled   → open | backordered | cancelled
        * backordered → open | cancelled
        * open        → in_progress | scheduled | cancelled
          in_progress → packed | open | incomplete | cancelled
          packed      → closed | in_progress
          incomplete  → .
          closed      → .
          cancelled   → .
        """,
    )


def test_request_status() -> None:
    prove_machine(
        REQUEST_STATUS,
        """
        * unsubmitted            → submitted
          submitted              → accepted | rejected | timed_out | cancellation_requested
          accepted               → cancellation_requested | closed
          rejected               → .
          cancellation_requested → cancellation_accepted | cancellation_rejected
          cancellation_accepted  → .
          cancellation_rejected  → cancellation_requested | closed
          timed_out              → cancellation_requested
          closed                 → .
        """,
    )


def test_pick_list_status() -> None:
    prove_machine(
        PICK_LIST_STATUS,
        """
        * open        → in_progress | cancelled
          in_progress → completed | cancelled
          completed   → .
          cancelled   → .
        """,
    )
