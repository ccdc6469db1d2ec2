from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from packhouse.sdk import IncomingReview, ProviderRateLimited, ProviderUnavailable, ReviewPage
from packhouse_trustpilot import TrustpilotProvider
from packhouse_trustpilot.cursor import Cursor, Stream

SERVICE = "/v1/private/business-units/46d6a890/reviews"
PRODUCT = "/v1/private/product-reviews/business-units/46d6a890/reviews"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def service_review(number: int, at: datetime) -> dict[str, Any]:
    return {"id": f"s{number}", "stars": 5, "createdAt": at.isoformat(), "referenceId": "PH-1"}


def product_review(number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "stars": 5,
        "createdAt": at.isoformat(),
        "product": {"sku": "MUG"},
        "referenceId": "PH-1",
    }


async def a_round(provider: TrustpilotProvider, cursor: str | None = None) -> tuple[list[IncomingReview], str]:
    """Everything that a round brings, and the cursor behind it."""
    found: list[IncomingReview] = []
    while True:
        page: ReviewPage = await provider.pull_reviews(cursor)
        found += page.reviews
        assert page.cursor is not None
        cursor = page.cursor
        if not page.more:
            return found, cursor


async def test_a_round_brings_both_kinds(trustpilot_host: Any, trustpilot_provider: TrustpilotProvider) -> None:
    trustpilot_host.answer(SERVICE, "service_page")
    trustpilot_host.answer(PRODUCT, "product_page")

    found, cursor = await a_round(trustpilot_provider)

    assert [(review.external_id, review.order_number, review.sku, review.score) for review in found] == [
        ("66eb60b1a2a8ea71e42eda5b", "PH-1001", "", 2),
        ("66eb60b1a2a8ea71e42eda5c", "", "", 5),
        ("product-review/66bb7d52ef6229b0498ec196", "PH-1001", "PLATE", 1),
        ("product-review/66bb7d52ef6229b0498ec195", "PH-1001", "MUG-BLUE", 4),
    ]
    (asked,) = trustpilot_host.asked(SERVICE)
    assert asked.query == {
        "startDateTime": "2026-10-21T12:00:00",  # 30 days, and the two that windows overlap
        "orderBy": "createdat.asc",
        "page": "1",
        "perPage": "100",
    }
    assert trustpilot_host.asked(PRODUCT)[0].query == {"page": "1", "perPage": "100"}
    newest = datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert Cursor.read(cursor) == Cursor(newest, newest + timedelta(hours=1))


async def test_the_next_round_reads_a_bit_again(trustpilot_host: Any, trustpilot_provider: TrustpilotProvider) -> None:
    trustpilot_host.answer(SERVICE, "service_page")
    trustpilot_host.answer(PRODUCT, "product_page")
    _, cursor = await a_round(trustpilot_provider)

    again, unmoved = await a_round(trustpilot_provider, cursor)

    assert trustpilot_host.asked(SERVICE)[1].query["startDateTime"] == "2026-11-19T10:00:00"
    assert len(again) == 4
    assert unmoved == cursor


async def test_pages_are_walked_to_their_end(trustpilot_host: Any, trustpilot_provider: TrustpilotProvider) -> None:
    start = NOON - timedelta(days=5)
    reviews = [service_review(number, start + timedelta(minutes=number)) for number in range(250)]
    for first in (0, 100, 200):
        trustpilot_host.answer(SERVICE, {"reviews": reviews[first : first + 100]})
    trustpilot_host.answer(PRODUCT, {"productReviews": []})

    found, cursor = await a_round(trustpilot_provider)

    assert [review.external_id for review in found] == [f"s{number}" for number in range(250)]
    assert [asked.query["page"] for asked in trustpilot_host.asked(SERVICE)] == ["1", "2", "3"]
    assert Cursor.read(cursor) == Cursor(start + timedelta(minutes=249), NOON - timedelta(days=30))


async def test_a_pull_that_breaks_off_goes_on_where_it_was(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    start = NOON - timedelta(days=5)
    reviews = [service_review(number, start) for number in range(100)]
    trustpilot_host.answer(SERVICE, {"reviews": reviews})
    trustpilot_host.answer(SERVICE, {}, status=503)
    trustpilot_host.answer(SERVICE, {"reviews": [service_review(100, start)]})
    first = await trustpilot_provider.pull_reviews(None)

    with pytest.raises(ProviderUnavailable):
        await trustpilot_provider.pull_reviews(first.cursor)
    second = await trustpilot_provider.pull_reviews(first.cursor)

    assert [review.external_id for review in second.reviews] == ["s100"]
    assert [asked.query["page"] for asked in trustpilot_host.asked(SERVICE)] == ["1", "2", "2"]
    assert {asked.query["startDateTime"] for asked in trustpilot_host.asked(SERVICE)} == {"2026-10-21T12:00:00"}


async def test_product_reviews_from_the_newest_on_are_walked_only_as_far_as_needed(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    hours = [product_review(number, NOON - timedelta(hours=number)) for number in range(300)]
    trustpilot_host.answer(PRODUCT, {"productReviews": hours[:100]})
    trustpilot_host.answer(PRODUCT, {"productReviews": hours[100:200]})
    until = NOON - timedelta(hours=100)
    cursor = Cursor(until, until, stream=Stream.PRODUCT).write()

    found, following = await a_round(trustpilot_provider, cursor)

    assert [review.external_id for review in found] == [f"product-review/p{number}" for number in range(149)]
    assert len(trustpilot_host.asked(PRODUCT)) == 2
    read = Cursor.read(following)
    assert read is not None
    assert (read.stream, read.product_until) == (Stream.SERVICE, NOON)


async def test_product_reviews_in_another_order_are_walked_whole(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    old = [product_review(number, NOON - timedelta(days=900 - number)) for number in range(199)]
    new = product_review(199, NOON - timedelta(hours=1))
    trustpilot_host.answer(PRODUCT, {"productReviews": old[:100]})
    trustpilot_host.answer(PRODUCT, {"productReviews": [*old[100:], new]})
    trustpilot_host.answer(PRODUCT, {"productReviews": []})
    until = NOON - timedelta(days=1)

    found, _ = await a_round(trustpilot_provider, Cursor(until, until, stream=Stream.PRODUCT).write())

    assert [review.external_id for review in found] == ["product-review/p199"]
    assert len(trustpilot_host.asked(PRODUCT)) == 3


@pytest.mark.parametrize(("off", "path"), [("service_reviews", PRODUCT), ("product_reviews", SERVICE)])
async def test_what_is_switched_off_is_not_pulled(
    off: str, path: str, trustpilot_host: Any, trustpilot_provider_for: Callable[..., TrustpilotProvider]
) -> None:
    trustpilot_host.answer(SERVICE, "service_page")
    trustpilot_host.answer(PRODUCT, "product_page")
    provider = trustpilot_provider_for(trustpilot_host.url, **{off: False})

    found, cursor = await a_round(provider)
    await a_round(provider, cursor)

    assert len(found) == 2
    assert {request.path for request in trustpilot_host.requests[1:]} == {path}


async def test_too_many_calls_are_not_made(
    trustpilot_host: Any, trustpilot_provider_for: Callable[..., TrustpilotProvider]
) -> None:
    trustpilot_host.answer(SERVICE, "service_page")
    trustpilot_host.answer(PRODUCT, "product_page")
    provider = trustpilot_provider_for(trustpilot_host.url, calls_per_five_minutes=3)
    _, cursor = await a_round(provider)

    with pytest.raises(ProviderRateLimited) as limited:
        await provider.pull_reviews(cursor)

    assert limited.value.code == "BUDGET"
    assert len(trustpilot_host.requests) == 3


async def test_a_cursor_of_somebody_else_begins_anew(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    trustpilot_host.answer(SERVICE, "service_page")
    await trustpilot_provider.pull_reviews("2026-11-01")
    assert trustpilot_host.asked(SERVICE)[0].query["startDateTime"] == "2026-10-21T12:00:00"
