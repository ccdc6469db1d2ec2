from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from tests.feedback.given import WRITTEN, review

from packhouse.catalog.models import Variant
from packhouse.channels.models import Channel, Listing
from packhouse.events.models import EventRow
from packhouse.feedback.asking import send_due_review_requests
from packhouse.feedback.commands.take_in_review import TakenIn
from packhouse.feedback.models import QuarantinedReview, Review, ReviewCursor, ReviewRequest
from packhouse.feedback.pulling import pull_reviews
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import (
    IncomingReview,
    Providers,
    ProviderUnavailable,
    ReviewPage,
    fact_id,
    now,
)
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order


async def plan(order: Order, *, due_in: float = -1) -> ReviewRequest:
    due_at = now() + timedelta(minutes=due_in)
    return await ReviewRequest.create(
        order_id=order.id, platform="stars", status="scheduled", send_at=due_at, due_at=due_at
    )


async def retry_now() -> None:
    """Let everything in quarantine be due."""
    await QuarantinedReview.filter(due_at__isnull=False).update(due_at=now())


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
    assert platform.asked == [None, "c1"]

    platform.says(review(order, "r4"), after="c2", cursor="c3")
    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.RECORDED: 1}
    assert platform.asked[2:] == ["c2"]


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
    assert (await pull_reviews(database, providers, by))[0].counts == {}
    await retry_now()
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
    await retry_now()
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


async def test_windows_that_overlap_change_nothing(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any, snapshot: Any
) -> None:
    platform.says(review(order, "r1"), review(order, "r2", sku="MUG"), review(order, "lost", sku="SPOON"), cursor="")
    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.RECORDED: 2, TakenIn.QUARANTINED: 1}
    before = await snapshot()

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.KNOWN: 3}

    after = await snapshot()
    pulled_at = "review_cursor"
    assert {name: rows for name, rows in after[0].items() if name != pulled_at} == {
        name: rows for name, rows in before[0].items() if name != pulled_at
    }
    assert after[1] == before[1]


async def test_a_review_is_tied_to_its_line(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    platform.says(review(order, "whole"), review(order, "plate", sku="PLATE", language="de"))

    await pull_reviews(database, providers, by)

    plate = await OrderLine.get(order_id=order.id, sku="PLATE")
    whole, tied = await Review.get(external_id="whole"), await Review.get(external_id="plate")
    assert (whole.order_line_id, tied.order_line_id, tied.language) == (None, plate.id, "de")
    event = await EventRow.get(id=fact_id("feedback_received", tied.id))
    assert event.payload == {
        "review_id": str(tied.id),
        "order_number": order.number,
        "platform": "stars",
        "score": 5,
        "sku": "PLATE",
        "product_title": "Title of PLATE",
        "order_line_id": str(plate.id),
        "language": "de",
    }


async def test_of_several_lines_with_one_sku_the_first_that_arrived_is_meant(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    mug, plate = await OrderLine.filter(order_id=order.id).order_by("position")
    await OrderLine.filter(id=plate.id).update(sku="MUG")
    await OrderLine.filter(id=mug.id).update(delivered=0)
    platform.says(review(order, sku="MUG"))

    await pull_reviews(database, providers, by)

    assert (await Review.get()).order_line_id == plate.id


async def test_a_channels_own_sku_is_understood(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    channel = await Channel.create(code="web", name="Web", created_at=now())
    mug = await Variant.get(sku="MUG")
    await Listing.create(channel_id=channel.id, channel_sku="WEB-MUG", variant_id=mug.id)
    platform.says(review(order, sku="WEB-MUG"), review(order, "r2", sku="WEB-CUP"))

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.RECORDED: 1, TakenIn.QUARANTINED: 1}

    kept = await Review.get()
    assert (kept.sku, kept.order_line_id) == ("MUG", (await OrderLine.get(order_id=order.id, sku="MUG")).id)


async def test_the_reference_of_an_invitation_names_its_order(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    request = await plan(order)
    other = await make_order(database, {"MUG": 1})
    foreign = await ReviewRequest.create(order_id=other.id, platform="moons", status="sent", send_at=now())
    platform.says(
        replace(review(order), order_number=str(request.id)), replace(review(order, "r2"), order_number=str(foreign.id))
    )

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.RECORDED: 1, TakenIn.QUARANTINED: 1}

    assert (await Review.get()).order_id == order.id


async def test_the_writers_address_chooses_between_two_orders_and_is_not_kept(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    other = await make_order(database, {"MUG": 1}, channel="pos")
    await Order.filter(id=other.id).update(number=order.number, email="other@example.com")
    platform.says(review(order, email=" Other@example.com"))

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.RECORDED: 1}

    assert (await Review.get()).order_id == other.id
    for table in ("review", "quarantined_review", "event"):
        rows = await database.fetch(f"SELECT * FROM {table}")
        assert "other@example.com" not in str([tuple(row) for row in rows])


async def test_what_a_platform_cannot_say_waits_with_its_reason(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    platform.says(review(order, "nothing", problem="the product has no SKU"), replace(review(order), order_number=" "))

    assert (await pull_reviews(database, providers, by))[0].counts == {TakenIn.QUARANTINED: 2}

    rows = {row.external_id: row for row in await QuarantinedReview.all()}
    assert (rows["nothing"].reason, rows["nothing"].due_at) == ("the product has no SKU", None)
    assert (rows["r1"].reason, rows["r1"].due_at) == ("it names no order", None)
