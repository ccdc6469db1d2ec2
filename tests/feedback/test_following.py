from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.feedback.given import WRITTEN, review

from packhouse.events.models import EventRow
from packhouse.feedback.commands.take_in_review import TakenIn
from packhouse.feedback.models import QuarantinedReview, Review
from packhouse.feedback.pulling import pull_reviews, recheck_reviews
from packhouse.orders.models import Order
from packhouse.sdk import (
    ProviderRateLimited,
    ProviderRefused,
    Providers,
    ReviewReply,
    now,
)
from packhouse.storage import Database, Initiator


async def test_an_edited_review_is_followed(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    edited_at = WRITTEN + timedelta(days=3)
    platform.says(review(order, sku="MUG"))
    await pull_reviews(database, providers, by)
    platform.says(review(order, score=2, body="It broke", sku="", edited_at=edited_at), after="c1", cursor="c2")

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.CHANGED: 1}

    kept = await Review.get()
    assert (kept.score, kept.body, kept.created_at, kept.edited_at) == (2, "It broke", WRITTEN, edited_at)
    assert kept.sku == "MUG"  # what it is about stays
    event = await EventRow.get(type="feedback_changed")
    assert (event.order_id, event.payload["score"], event.payload["previous_score"]) == (order.id, 2, 5)
    assert "It broke" not in str(event.payload)

    platform.says(review(order, edited_at=WRITTEN), after="c2", cursor="c3")
    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.KNOWN: 1}
    assert (await Review.get()).score == 2


async def test_a_removed_review_is_erased_and_may_come_back(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    platform.says(review(order))
    await pull_reviews(database, providers, by)
    gone = review(order, is_removed=True)
    platform.says(gone, replace(gone, external_id="never heard of"), after="c1", cursor="c2")

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.CHANGED: 1, TakenIn.KNOWN: 1}

    kept = await Review.get()
    assert (kept.title, kept.body, kept.score) == ("", "", 5)
    assert kept.removed_at is not None
    event = await EventRow.get(type="feedback_removed")
    assert event.payload["review_id"] == str(kept.id)

    platform.says(review(order), after="c2", cursor="c3")
    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.CHANGED: 1}
    kept = await Review.get()
    assert (kept.title, kept.removed_at) == ("Good", None)


async def test_one_that_is_removed_leaves_the_quarantine(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    lost = review(order, sku="SPOON")
    platform.says(lost)
    await pull_reviews(database, providers, by)
    platform.says(replace(lost, is_removed=True), after="c1", cursor="c2")

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.KNOWN: 1}

    assert await QuarantinedReview.all().count() == 0


async def test_an_answer_given_on_the_platform_is_seen(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    replied_at = WRITTEN + timedelta(days=1)
    platform.says(review(order, reply=ReviewReply("Thank you", replied_at)), review(order, "r2"))
    await pull_reviews(database, providers, by)
    platform.says(review(order, reply=ReviewReply("Thanks!", replied_at)), after="c1", cursor="c2")

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.CHANGED: 1}

    kept = await Review.get(external_id="r1")
    assert (kept.reply, kept.reply_status, kept.replied_by, kept.answered_at) == ("Thanks!", "done", "", replied_at)
    assert (await Review.get(external_id="r2")).reply_status == "none"
    assert await EventRow.filter(type="review_replied").count() == 1


async def test_reviews_are_read_again_when_they_are_due(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    recent = now() - timedelta(hours=3)
    platform.says(
        *(review(order, name, created_at=recent) for name in ("same", "edited", "gone", "odd", "fresh")),
        review(order, "old", created_at=now() - timedelta(days=200)),
    )
    await pull_reviews(database, providers, by)
    assert (await Review.get(external_id="old")).recheck_at is None
    assert (await Review.get(external_id="same")).recheck_at == recent + timedelta(days=1)
    assert await recheck_reviews(database, providers, by) == 0
    assert platform.read == []

    await Review.filter(external_id__in=["same", "edited", "gone", "odd"]).update(recheck_at=now())
    platform.stands = {
        "same": review(order, "same"),
        "edited": review(order, "edited", score=1),
        "odd": review(order, "odd", score=9),
    }
    assert await recheck_reviews(database, providers, by) == 2

    assert sorted(platform.read) == ["edited", "gone", "odd", "same"]
    assert (await Review.get(external_id="edited")).score == 1
    assert (await Review.get(external_id="gone")).removed_at is not None
    assert (await Review.get(external_id="odd")).score == 5
    again = await Review.filter(external_id__in=["same", "edited", "gone", "odd"])
    assert {row.recheck_at for row in again} == {recent + timedelta(days=1)}


@pytest.mark.parametrize(
    ("error", "read", "is_later"),
    [
        (ProviderRateLimited("slow", retry_after=9), 1, False),
        (ProviderRefused("no"), 2, True),
        (KeyError("x"), 1, False),
    ],
)
async def test_reading_again_stops_where_the_platform_does_not_answer(
    *,
    database: Database,
    by: Initiator,
    providers: Providers,
    order: Order,
    platform: Any,
    error: Exception,
    read: int,
    is_later: bool,
) -> None:
    platform.says(review(order, "r1", created_at=now()), review(order, "r2", created_at=now()))
    await pull_reviews(database, providers, by)
    due = now()
    await Review.filter(platform="stars").update(recheck_at=due)
    platform.read_error = error

    assert await recheck_reviews(database, providers, by) == 0

    assert len(platform.read) == read
    assert {row.recheck_at == due for row in await Review.all()} == {not is_later}
