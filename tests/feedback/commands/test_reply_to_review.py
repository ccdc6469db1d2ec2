import asyncio
from typing import Any
from uuid import uuid4

import pytest

from packhouse.events.models import EventRow, ProviderCall
from packhouse.feedback.commands.record_review import RecordReview, record_review
from packhouse.feedback.commands.reply_to_review import LONGEST_REPLY, ReplyToReview, reply_to_review
from packhouse.feedback.models import Review
from packhouse.orders.models import Order
from packhouse.sdk import (
    InvalidValue,
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    Providers,
    ProviderUnavailable,
    Refused,
    ReviewReply,
    now,
)
from packhouse.storage import Database, Initiator


@pytest.fixture
async def review(database: Database, by: Initiator, order: Order) -> Review:
    data = RecordReview(order.id, 2, "Cold", "The tea was cold", "MUG", "stars", "r1")
    return await database.write(by, lambda uow: record_review(uow, data))


async def test_an_answer_is_posted_once_and_kept(
    database: Database, by: Initiator, providers: Providers, platform: Any, review: Review
) -> None:
    answered = await reply_to_review(database, providers, by, ReplyToReview(review.id, "  We are sorry \n"))

    (request,) = platform.posted
    assert (request.idempotency_key, request.external_id, request.text) == (f"reply/{review.id}", "r1", "We are sorry")
    assert (answered.reply, answered.reply_status, answered.replied_by) == ("We are sorry", "done", "tester")
    kept = await Review.get(id=review.id)
    assert (kept.reply_status, kept.answered_at, kept.reply_error) == ("done", platform.replies["r1"].replied_at, "")
    event = await EventRow.get(type="review_replied")
    assert (event.order_id, event.actor) == (review.order_id, "tester")
    assert (event.payload["review_id"], event.payload["order_line_id"]) == (str(review.id), str(review.order_line_id))
    assert "sorry" not in str(event.payload)


async def test_ten_people_at_once_post_one_answer(
    database: Database, by: Initiator, providers: Providers, platform: Any, review: Review
) -> None:
    texts = [f"answer {number}" for number in range(10)]

    found = await asyncio.gather(
        *(reply_to_review(database, providers, by, ReplyToReview(review.id, text)) for text in texts),
        return_exceptions=True,
    )

    (answered,) = [each for each in found if isinstance(each, Review)]
    refusals = [each.code for each in found if isinstance(each, Refused)]
    assert len(refusals) == 9
    assert set(refusals) <= {"ALREADY_REPLIED", "IN_PROGRESS", "ALREADY_DONE"}
    (request,) = platform.posted
    kept = await Review.get(id=review.id)
    assert kept.reply == answered.reply == request.text
    assert await EventRow.filter(type="review_replied").count() == 1


@pytest.mark.parametrize(
    "error",
    [
        ProviderRefused("too long"),
        ProviderAuthFailed("key"),
        ProviderRateLimited("slow", retry_after=5),
        ProviderUnavailable("down"),
    ],
)
async def test_what_was_not_posted_is_tried_again_with_other_words(
    database: Database, by: Initiator, providers: Providers, platform: Any, review: Review, error: ProviderError
) -> None:
    platform.reply_errors = [error]
    with pytest.raises(type(error)):
        await reply_to_review(database, providers, by, ReplyToReview(review.id, "First"))
    kept = await Review.get(id=review.id)
    assert (kept.reply, kept.reply_status, kept.reply_error) == ("First", "failed", error.detail)
    assert (kept.answered_at, await EventRow.filter(type="review_replied").count()) == (None, 0)

    answered = await reply_to_review(database, providers, by, ReplyToReview(review.id, "Second"))

    assert (answered.reply, answered.reply_status, answered.reply_error) == ("Second", "done", "")
    assert [request.text for request in platform.posted] == ["First", "Second"]


async def test_in_doubt_the_platform_is_asked_and_what_stands_there_counts(
    database: Database, by: Initiator, providers: Providers, platform: Any, review: Review
) -> None:
    platform.reply_errors, platform.posts_anyway = [ProviderInDoubt("cut")], True
    with pytest.raises(ProviderInDoubt):
        await reply_to_review(database, providers, by, ReplyToReview(review.id, "First"))
    kept = await Review.get(id=review.id)
    assert (kept.reply_status, kept.reply_error.endswith("cut")) == ("in_doubt", True)

    answered = await reply_to_review(database, providers, by, ReplyToReview(review.id, "Second"))

    assert (answered.reply, answered.reply_status) == ("First", "done")
    assert len(platform.posted) == 1


async def test_in_doubt_and_not_there_it_is_posted_again(
    database: Database, by: Initiator, providers: Providers, platform: Any, review: Review
) -> None:
    platform.reply_errors = [ProviderInDoubt("cut")]
    with pytest.raises(ProviderInDoubt):
        await reply_to_review(database, providers, by, ReplyToReview(review.id, "First"))

    answered = await reply_to_review(database, providers, by, ReplyToReview(review.id, "Second"))

    assert (answered.reply, platform.replies["r1"].text) == ("Second", "Second")
    assert [request.text for request in platform.posted] == ["First", "Second"]


async def test_an_answer_whose_process_died_is_cleared_up(
    database: Database, by: Initiator, providers: Providers, platform: Any, review: Review
) -> None:
    platform.reply_errors, platform.posts_anyway = [ProviderInDoubt("cut")], True
    with pytest.raises(ProviderInDoubt):
        await reply_to_review(database, providers, by, ReplyToReview(review.id, "First"))
    await ProviderCall.filter(subject_id=review.id).update(status="requested", claimed_until=None)
    await Review.filter(id=review.id).update(reply_status="requested")

    answered = await reply_to_review(database, providers, by, ReplyToReview(review.id, "Second"))

    assert (answered.reply, answered.reply_status, len(platform.posted)) == ("First", "done", 1)


async def test_what_cannot_be_answered_is_refused(
    *,
    database: Database,
    by: Initiator,
    providers: Providers,
    platform: Any,
    order: Order,
    review: Review,
    snapshot: Any,
) -> None:
    data = RecordReview(order.id, 5, platform="stars", external_id="gone")
    gone = await database.write(by, lambda uow: record_review(uow, data))
    await Review.filter(id=gone.id).update(removed_at=now())
    manual = RecordReview(order.id, 5)
    told = await database.write(by, lambda uow: record_review(uow, manual))
    done = RecordReview(order.id, 5, platform="stars", external_id="done")
    answered = await database.write(by, lambda uow: record_review(uow, done))
    await reply_to_review(database, providers, by, ReplyToReview(answered.id, "Thank you"))
    platform.posted.clear()
    before = await snapshot()
    for review_id, code in (
        (uuid4(), "NOT_FOUND"),
        (gone.id, "REVIEW_REMOVED"),
        (told.id, "CANNOT_REPLY"),
        (answered.id, "ALREADY_REPLIED"),
    ):
        with pytest.raises(Refused) as refused:
            await reply_to_review(database, providers, by, ReplyToReview(review_id, "Hello"))
        assert (refused.value.code, refused.value.field) == (code, "reviewId")
    for text in ("", " \0\n", "x" * (LONGEST_REPLY + 1)):
        with pytest.raises(InvalidValue) as invalid:
            await reply_to_review(database, providers, by, ReplyToReview(review.id, text))
        assert invalid.value.field == "text"
    assert await snapshot() == before
    assert platform.posted == []


async def test_an_answer_on_the_platform_comes_before_ours(
    database: Database, by: Initiator, providers: Providers, platform: Any, review: Review
) -> None:
    """Somebody answers there while ours is in doubt: the pull sees it, and nothing is posted over it."""
    platform.reply_errors = [ProviderInDoubt("cut")]
    with pytest.raises(ProviderInDoubt):
        await reply_to_review(database, providers, by, ReplyToReview(review.id, "Ours"))
    platform.replies["r1"] = ReviewReply("Theirs", now())

    answered = await reply_to_review(database, providers, by, ReplyToReview(review.id, "Ours"))

    assert (answered.reply, platform.replies["r1"].text, len(platform.posted)) == ("Theirs", "Theirs", 1)
