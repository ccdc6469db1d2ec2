from packhouse.feedback.states import REVIEW_REQUEST_STATUS
from packhouse.testing.machines import prove_machine


def test_review_request_status() -> None:
    prove_machine(
        REVIEW_REQUEST_STATUS,
        """
        * scheduled → sent | skipped | cancelled
          sent      → answered | expired
          answered  → .
          skipped   → .
          cancelled → .
          expired   → .
        """,
    )
