"""How far asking a customer for a review has come."""

from enum import StrEnum

from packhouse.sdk.states import StateMachine


class ReviewRequestStatus(StrEnum):
    """Skipped: not asked, for a reason of ours (no consent, no address). Cancelled: the order gave no occasion."""

    SCHEDULED = "scheduled"
    SENT = "sent"
    ANSWERED = "answered"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


REVIEW_REQUEST_STATUS = StateMachine(
    entity="ReviewRequest.status",
    initial=frozenset({ReviewRequestStatus.SCHEDULED}),
    table={
        ReviewRequestStatus.SCHEDULED: frozenset(
            {ReviewRequestStatus.SENT, ReviewRequestStatus.SKIPPED, ReviewRequestStatus.CANCELLED}
        ),
        ReviewRequestStatus.SENT: frozenset({ReviewRequestStatus.ANSWERED, ReviewRequestStatus.EXPIRED}),
        ReviewRequestStatus.ANSWERED: frozenset(),
        ReviewRequestStatus.SKIPPED: frozenset(),
        ReviewRequestStatus.CANCELLED: frozenset(),
        ReviewRequestStatus.EXPIRED: frozenset(),
    },
)
