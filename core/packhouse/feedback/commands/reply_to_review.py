"""Answering a review in public: the intent first, then the platform, then what became of it."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.calls import call_provider
from packhouse.events.models import ProviderCall
from packhouse.events.states import CallStatus
from packhouse.feedback.commands.follow_review import locked_review, take_reply
from packhouse.feedback.models import Review
from packhouse.feedback.states import REPLY_STATUS, ReplyStatus
from packhouse.sdk import (
    InvalidValue,
    ProviderError,
    Providers,
    Refused,
    RepliesToReviews,
    ReplyRequest,
    ReviewReply,
)
from packhouse.storage import Database, Initiator, UnitOfWork

# Longer than any platform takes.
LONGEST_REPLY = 10_000
_OPERATION = "reply_to_review"
_OUTCOMES = {CallStatus.FAILED: ReplyStatus.FAILED, CallStatus.IN_DOUBT: ReplyStatus.IN_DOUBT}


@dataclass(frozen=True, slots=True)
class ReplyToReview:
    """What to answer to a review, for everybody to read."""

    review_id: UUID
    text: str


async def reply_to_review(database: Database, providers: Providers, by: Initiator, data: ReplyToReview) -> Review:
    """Answer a review on its platform, once. One that failed may be tried again, with another text, too; where it is in doubt
    whether an earlier one was posted, the platform is asked first, and the one that stands there counts.

    Raises:
        InvalidValue: no text, or too much of it.
        Refused: NOT_FOUND, REVIEW_REMOVED, ALREADY_REPLIED, CANNOT_REPLY (no loaded plugin does it there), IN_PROGRESS.
        ProviderError: it was not posted, or (ProviderInDoubt) may have been: the review says so.
    """
    text = _checked(data.text)
    review = await database.write(by, lambda uow: _request(uow, data, text, providers))
    provider = _provider(review, providers)
    key = f"reply/{review.id}"
    request = ReplyRequest(key, review.external_id, text)

    async def send() -> ReviewReply:
        return await provider.reply(request)

    async def find() -> ReviewReply | None:
        return await provider.find_reply(review.external_id)

    async def posted(uow: UnitOfWork, reply: ReviewReply) -> Review:
        order, fresh = await locked_review(review.id)
        await take_reply(uow, order, fresh, reply, replied_by=uow.initiator.actor)
        return fresh

    try:
        return await call_provider(
            database,
            by,
            provider=review.platform,
            operation=_OPERATION,
            subject_id=review.id,
            order_id=review.order_id,
            idempotency_key=key,
            send=send,
            find=find,
            on_success=posted,
        )
    except ProviderError as error:
        detail = error.detail
        await database.write(by, lambda uow: _write_down(uow, review.id, key, text, detail))
        raise


def objection_to_reply(review: Review, providers: Providers) -> Refused | None:
    """Why a review cannot be answered now; None where it can."""
    if review.removed_at is not None:
        return Refused(
            "REVIEW_REMOVED", f"review {review.external_id} is not on {review.platform} any more", "reviewId"
        )
    if review.reply_status == ReplyStatus.DONE:
        return Refused(
            "ALREADY_REPLIED",
            f"review {review.external_id} has been answered: change the answer on {review.platform}, it is read from there",
            "reviewId",
        )
    if not isinstance(providers.reviews.get(review.platform), RepliesToReviews):
        return Refused("CANNOT_REPLY", f"no loaded plugin answers reviews on {review.platform}", "reviewId")
    return None


async def _request(uow: UnitOfWork, data: ReplyToReview, text: str, providers: Providers) -> Review:
    if not await Review.exists(id=data.review_id):
        raise Refused("NOT_FOUND", f"there is no review {data.review_id}", "reviewId")
    _, review = await locked_review(data.review_id)
    objection = objection_to_reply(review, providers)
    if objection is not None:
        raise objection
    status = ReplyStatus(review.reply_status)
    REPLY_STATUS.check(status, ReplyStatus.REQUESTED)
    if status is not ReplyStatus.REQUESTED:  # somebody may be posting theirs right now
        review.reply_status, review.reply = ReplyStatus.REQUESTED.value, text
        review.reply_error = ""
        await review.save(update_fields=["reply_status", "reply", "reply_error"])
    return review


async def _write_down(uow: UnitOfWork, review_id: UUID, key: str, text: str, detail: str) -> None:
    """What the call's own record says counts: somebody else may have taken the call over, and writes down its end."""
    _, review = await locked_review(review_id)
    call = await ProviderCall.get(idempotency_key=key)
    outcome = _OUTCOMES.get(CallStatus(call.status))
    if outcome is None or review.reply_status != ReplyStatus.REQUESTED:
        return
    REPLY_STATUS.check(ReplyStatus.REQUESTED, outcome)
    review.reply_status, review.reply, review.reply_error = outcome.value, text, detail[:255]
    await review.save(update_fields=["reply_status", "reply", "reply_error"])


def _checked(text: str) -> str:
    stripped = text.replace("\0", "").strip()
    if not stripped:
        raise InvalidValue("text", "say something")
    if len(stripped) > LONGEST_REPLY:
        raise InvalidValue("text", f"longer than {LONGEST_REPLY} characters")
    return stripped


def _provider(review: Review, providers: Providers) -> RepliesToReviews:
    provider: object = providers.reviews.get(review.platform)
    if not isinstance(provider, RepliesToReviews):
        raise TypeError(f"{review.platform} was found to answer reviews, and does not")
    return provider
