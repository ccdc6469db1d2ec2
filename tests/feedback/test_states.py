from packhouse.feedback.states import REPLY_STATUS, REVIEW_REQUEST_STATUS
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


def test_reply_status() -> None:
    prove_machine(
        REPLY_STATUS,
        """
        * none      → requested | done
          requested → requested | done | failed | in_doubt
          failed    → requested | done
          in_doubt  → requested | done
        * done      → .
        """,
    )
