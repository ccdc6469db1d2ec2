"""The simulated review platform: some moments after an invitation a review of the order comes back."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from packhouse.sdk import IncomingReview, ReplyRequest, ReviewInvitation, ReviewPage, ReviewReply, fact_id, now
from packhouse_demo.settings import DemoSettings

# Seconds from the invitation to the review, at speed 1.
_ANSWERED_AFTER = 2.0
_TEXTS = {
    3: ("It came", "It came. The box could have been smaller. (A simulated review.)"),
    4: ("Good", "Well packed and on time. (A simulated review.)"),
    5: ("Very good", "Quick, well packed, and the tracking was right. (A simulated review.)"),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Invited:
    id: str
    invitation: ReviewInvitation
    answer_at: datetime


class DemoReviews:
    """Asks nobody, and makes the answers up: their score by the order's number. Invitations and replies are kept in memory only.

    The cursor is the moment of the last review, so it stays right when the process is started again.
    """

    code = "demo-reviews"
    title = "Demo reviews (simulated)"

    def __init__(self, settings: DemoSettings) -> None:
        self._settings = settings
        self._invited: dict[str, _Invited] = {}
        self._replies: dict[str, ReviewReply] = {}

    async def invite(self, invitation: ReviewInvitation) -> str:
        """The invitation's id, the same one for the same key."""
        id_ = f"invitation-{fact_id('demo review', invitation.idempotency_key).hex[:12]}"
        answer_at = now() + self._settings.lasting(_ANSWERED_AFTER)
        return self._invited.setdefault(invitation.idempotency_key, _Invited(id_, invitation, answer_at)).id

    async def pull_reviews(self, cursor: str | None) -> ReviewPage:
        """The reviews written after the cursor's moment, oldest first."""
        at = now()
        since = datetime.fromisoformat(cursor) if cursor else _EPOCH
        due = sorted(
            (each for each in self._invited.values() if since < each.answer_at <= at), key=lambda each: each.answer_at
        )
        return ReviewPage(
            tuple(_review(each) for each in due), max((each.answer_at for each in due), default=since).isoformat()
        )

    async def reply(self, request: ReplyRequest) -> ReviewReply:
        """Keep the reply, the first one for a review."""
        return self._replies.setdefault(request.external_id, ReviewReply(request.text, now()))

    async def find_reply(self, external_id: str) -> ReviewReply | None:
        """What was replied."""
        return self._replies.get(external_id)


def score_of(order_number: str) -> int:
    """3 to 5, always the same for an order."""
    return 3 + hashlib.sha256(order_number.encode()).digest()[0] % 3


def _review(invited: _Invited) -> IncomingReview:
    number = invited.invitation.order_number
    score = score_of(number)
    title, body = _TEXTS[score]
    return IncomingReview(
        external_id=invited.id.replace("invitation", "review"),
        order_number=number,
        score=score,
        title=title,
        body=body,
        created_at=invited.answer_at,
    )
