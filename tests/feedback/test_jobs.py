import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from packhouse.events.models import EventRow, ProviderCall
from packhouse.feedback.commands.take_in_review import TakenIn
from packhouse.feedback.jobs import pull_reviews, send_due_review_requests
from packhouse.feedback.models import QuarantinedReview, Review, ReviewCursor, ReviewRequest
from packhouse.orders.models import Order
from packhouse.sdk import (
    IncomingReview,
    ProviderAuthFailed,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    Providers,
    ProviderUnavailable,
    ReviewPage,
    now,
)
from packhouse.shipping.models import Shipment
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_delivered, make_order

WRITTEN = datetime(2026, 3, 2, 8, tzinfo=UTC)


async def plan(order: Order, *, due_in: float = -1, platform: str = "stars", attempts: int = 0) -> ReviewRequest:
    due_at = now() + timedelta(minutes=due_in)
    return await ReviewRequest.create(
        order_id=order.id, platform=platform, status="scheduled", send_at=due_at, due_at=due_at, attempts=attempts
    )


async def test_who_is_due_is_asked(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    request = await plan(order)

    assert await send_due_review_requests(database, providers, by) == {"sent": 1}

    (invitation,) = platform.invited
    shipment = await Shipment.get(order_id=order.id)
    assert (invitation.idempotency_key, invitation.reference) == (str(request.id), str(request.id))
    assert (invitation.order_number, invitation.email) == (order.number, "buyer@example.com")
    assert (invitation.customer_name, invitation.skus) == ("Test Buyer", ("MUG", "PLATE"))
    assert invitation.delivered_at == shipment.delivered_at
    kept = await ReviewRequest.get(id=request.id)
    assert (kept.status, kept.external_id, kept.due_at) == ("sent", "invitation-1", None)
    assert kept.sent_at is not None
    event = await EventRow.get(order_id=order.id, type="review_requested")
    assert event.payload == {"review_request_id": str(request.id), "platform": "stars"}
    assert await send_due_review_requests(database, providers, by) == {}


async def test_who_is_not_due_waits(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    await plan(order, due_in=5)

    assert await send_due_review_requests(database, providers, by) == {}
    assert platform.invited == []


async def test_workers_side_by_side_ask_once(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    await plan(order)

    await asyncio.gather(*(send_due_review_requests(database, providers, by) for _ in range(10)))

    assert (len(platform.invited), (await ReviewRequest.get()).status) == (1, "sent")


@pytest.mark.parametrize(
    ("error", "minutes"),
    [
        (ProviderUnavailable("down"), 20),
        (ProviderAuthFailed("key"), 20),
        (ProviderRateLimited("slow", retry_after=120), 2),
    ],
)
async def test_what_does_not_work_now_is_tried_later(
    database: Database,
    by: Initiator,
    providers: Providers,
    order: Order,
    platform: Any,
    error: Exception,
    minutes: int,
) -> None:
    request = await plan(order, attempts=2)
    platform.error = error

    assert await send_due_review_requests(database, providers, by) == {"scheduled": 1}

    kept = await ReviewRequest.get(id=request.id)
    assert kept.due_at is not None
    assert abs((kept.due_at - now()).total_seconds() - minutes * 60) < 30
    assert (kept.attempts, kept.reason.startswith(type(error).__name__)) == (3, True)
    platform.error = None
    await ReviewRequest.filter(id=request.id).update(due_at=now())
    assert await send_due_review_requests(database, providers, by) == {"sent": 1}
    assert [each.idempotency_key for each in platform.invited] == [str(request.id)] * 2


@pytest.mark.parametrize(
    ("error", "attempts", "reason"),
    [
        (ProviderRefused("unsubscribed"), 0, "ProviderRefused: unsubscribed"),
        (ProviderInDoubt("no answer"), 0, "it may have been sent: ProviderInDoubt:"),
        (ProviderUnavailable("down"), 11, "ProviderUnavailable: down"),
    ],
)
async def test_what_will_not_work_or_may_have_worked_is_not_repeated(
    database: Database,
    by: Initiator,
    providers: Providers,
    order: Order,
    platform: Any,
    error: Exception,
    attempts: int,
    reason: str,
) -> None:
    request = await plan(order, attempts=attempts)
    platform.error = error

    assert await send_due_review_requests(database, providers, by) == {"skipped": 1}

    kept = await ReviewRequest.get(id=request.id)
    assert (kept.status, kept.due_at, kept.reason.startswith(reason)) == ("skipped", None, True)
    assert len(platform.invited) == 1


async def test_one_that_does_not_work_keeps_nobody_waiting(
    database: Database, by: Initiator, providers: Providers, order: Order
) -> None:
    forgotten = await plan(order, due_in=-9, platform="gone")
    other = await make_order(database, {"MUG": 1})
    await make_delivered(database, other)
    erased = await plan(other, due_in=-8)
    await Order.filter(id=other.id).update(email="")
    asked = await plan(order, due_in=-7)

    assert await send_due_review_requests(database, providers, by) == {"scheduled": 1, "skipped": 1, "sent": 1}

    gone = await ReviewRequest.get(id=forgotten.id)
    assert (gone.status, gone.reason) == ("scheduled", "no plugin for platform gone is loaded")
    assert (await ReviewRequest.get(id=erased.id)).reason == "the order has no e-mail address"
    assert (await ReviewRequest.get(id=asked.id)).status == "sent"
    assert await ProviderCall.all().count() == 1


def review(order: Order, external_id: str = "r1", **changes: Any) -> IncomingReview:
    values = {"score": 5, "title": "Good", "body": "Would buy again", "created_at": WRITTEN}
    return IncomingReview(external_id=external_id, order_number=order.number, **{**values, **changes})


async def test_reviews_are_pulled_and_tied_to_order_and_product(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    await plan(order)
    await send_due_review_requests(database, providers, by)
    platform.says(review(order, "r1"), review(order, "r2", sku="MUG", score=1), cursor="c1")
    platform.says(review(order, "r3", sku="PLATE"), after="c1", cursor="c2")

    (pulled,) = await pull_reviews(database, providers, by)

    assert (pulled.platform, pulled.counts, pulled.error) == ("stars", {TakenIn.RECORDED: 3}, "")
    kept = await Review.filter(order_id=order.id).order_by("external_id")
    assert [(row.external_id, row.score, row.sku) for row in kept] == [
        ("r1", 5, ""),
        ("r2", 1, "MUG"),
        ("r3", 5, "PLATE"),
    ]
    assert (kept[0].title, kept[0].body, kept[0].created_at) == ("Good", "Would buy again", WRITTEN)
    assert await EventRow.filter(order_id=order.id, type="feedback_received").count() == 3
    request = await ReviewRequest.get()
    assert (request.status, request.answered_at) == ("answered", WRITTEN)
    assert (await ReviewCursor.get(platform="stars")).cursor == "c2"
    assert platform.asked == [None, "c1", "c2"]

    platform.says(review(order, "r4"), after="c2", cursor="c3")
    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.RECORDED: 1}
    assert platform.asked[3:] == ["c2", "c3"]


async def test_a_review_that_comes_twice_is_kept_once(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    platform.says(review(order), review(order), cursor="")

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.RECORDED: 1, TakenIn.KNOWN: 1}
    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.KNOWN: 2}
    assert await Review.all().count() == 1


async def test_a_review_of_an_unknown_order_waits_for_it(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    early = review(order, "early", sku="MUG")
    number, order_number = order.number, "NOT-YET"
    await Order.filter(id=order.id).update(number=order_number)
    platform.says(early, review(order, "other"), cursor="c1")

    (pulled,) = await pull_reviews(database, providers, by)

    assert (pulled.counts, pulled.error) == ({TakenIn.QUARANTINED: 2}, "")
    assert (await ReviewCursor.get()).cursor == "c1"
    row = await QuarantinedReview.get(external_id="early")
    assert (row.order_number, row.score, row.title, row.sku) == (number, 5, "Good", "MUG")
    assert row.reason == f"there is no order with number {number!r}"
    assert await EventRow.filter(type="feedback_received").count() == 0

    await Order.filter(id=order.id).update(number=number)
    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.RECORDED: 2}
    kept = await Review.get(external_id="early")
    assert (kept.sku, kept.body, kept.created_at) == ("MUG", "Would buy again", WRITTEN)
    assert await QuarantinedReview.all().count() == 0
    assert (await pull_reviews(database, providers, by))[0].counts == {}


async def test_a_bad_review_never_blocks_the_others(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    nonsense = IncomingReview(cast("str", None), cast("str", 7), cast("int", "five"), cast("str", None), "b\0c")
    platform.says(
        review(order, "six", score=6),
        review(order, "spoon", sku="SPOON"),
        nonsense,
        review(order, "x" * 200, title="t" * 300, body="zero\0byte", created_at=datetime(2026, 3, 1)),  # noqa: DTZ001
        review(order, "good"),
    )

    (pulled,) = await pull_reviews(database, providers, by)

    assert (pulled.counts, pulled.error) == ({TakenIn.QUARANTINED: 3, TakenIn.RECORDED: 2}, "")
    reasons = {row.reason for row in await QuarantinedReview.all()}
    assert reasons == {
        "score: 6 is not a score from 1 to 5",
        f"order {order.number} has no line with SKU SPOON",
        "there is no order with number '7'",
    }
    long = await Review.get(title__startswith="t")
    assert (len(long.external_id), len(long.title), long.body) == (36, 255, "zerobyte")
    assert (await pull_reviews(database, providers, by))[0].counts == {}


async def test_one_number_on_two_channels_is_the_one_that_was_asked_about(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    other = await make_order(database, {"MUG": 1}, channel="pos")
    await Order.filter(id=other.id).update(number=order.number)
    platform.says(review(order))

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.QUARANTINED: 1}
    assert (await QuarantinedReview.get()).reason == f"2 orders have the number {order.number!r}"

    await plan(other, due_in=60)
    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.RECORDED: 1}
    assert (await Review.get()).order_id == other.id


async def test_a_platform_that_fails_keeps_its_cursor_and_stops_nobody(
    database: Database, by: Initiator, order: Order, platform: Any
) -> None:
    platform.says(review(order, "r1"), cursor="c1")
    broken = type(platform)(code="broken", pull_error=ProviderUnavailable("down"))
    both = Providers(reviews={"broken": broken, "stars": platform})

    first, second = await pull_reviews(database, both, by)

    assert (first.platform, first.error, first.counts) == ("broken", "ProviderUnavailable: down", {})
    assert (second.platform, second.error, second.counts) == ("stars", "", {TakenIn.RECORDED: 1})
    kept = await ReviewCursor.get(platform="broken")
    assert (kept.cursor, kept.last_error) == ("", "ProviderUnavailable: down")

    broken.pull_error, broken.pages = None, {"": ReviewPage((review(order, "b1"),), None)}
    again = (await pull_reviews(database, both, by))[0]
    assert (again.error, again.counts) == ("", {TakenIn.RECORDED: 1})
    assert (await ReviewCursor.get(platform="broken")).last_error == ""
