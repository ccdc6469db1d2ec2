"""How far asking a customer for a review, and answering one, has come."""

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


class ReplyStatus(StrEnum):
    """None: nobody has answered. Requested: the platform is being told. In doubt: it may have been told."""

    NONE = "none"
    REQUESTED = "requested"
    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


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

# Whoever answers on the platform itself is done without having requested anything here. A reply whose process died stays
# requested; whoever takes it up again requests it once more.
REPLY_STATUS = StateMachine(
    entity="Review.reply_status",
    initial=frozenset({ReplyStatus.NONE, ReplyStatus.DONE}),
    table={
        ReplyStatus.NONE: frozenset({ReplyStatus.REQUESTED, ReplyStatus.DONE}),
        ReplyStatus.REQUESTED: frozenset(
            {ReplyStatus.REQUESTED, ReplyStatus.DONE, ReplyStatus.FAILED, ReplyStatus.IN_DOUBT}
        ),
        ReplyStatus.FAILED: frozenset({ReplyStatus.REQUESTED, ReplyStatus.DONE}),
        ReplyStatus.IN_DOUBT: frozenset({ReplyStatus.REQUESTED, ReplyStatus.DONE}),
        ReplyStatus.DONE: frozenset(),
    },
)
