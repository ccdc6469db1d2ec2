from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from packhouse.sdk import AnswerUnreadable, NetworkStock, ProviderRefused, now
from packhouse_amazon_mcf import AmazonMcfProvider, AmazonMcfSettings
from packhouse_amazon_mcf.inventory import build_summaries, read_summaries

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SUMMARIES = "GET /fba/inventory/v1/summaries"

Settings = Callable[..., AmazonMcfSettings]


async def test_a_page_of_stock_and_the_next(amazon: Any, provider: AmazonMcfProvider) -> None:
    amazon.answer(SUMMARIES, "summaries")
    before = now()
    page = await provider.pull_stock("fba-uk", None)
    await provider.pull_stock("fba-uk", page.cursor)

    asked = [request.query for request in amazon.asked(SUMMARIES)]
    first = {
        "details": "true",
        "granularityType": "Marketplace",
        "granularityId": "A1F83G8C2ARO7P",
        "marketplaceIds": "A1F83G8C2ARO7P",
    }
    assert asked == [first, first | {"nextToken": "token-of-page-2"}]
    assert before - timedelta(seconds=900) <= page.as_of <= now() - timedelta(seconds=900)
    # fulfillable; unfulfillable; researching 1, moving 3, processing 2: the four reserved for orders are nowhere
    assert page.levels == (NetworkStock("MUG", 17, damaged=4, quarantined=6), NetworkStock("PLATE", 0))
    assert page.unreadable == (("CUP", "Amazon says no fulfillableQuantity"),)


def test_entries_of_one_sku_are_added_up(amazon_settings_for: Settings) -> None:
    entries = [{"sellerSku": "MUG-FBA", "inventoryDetails": {"fulfillableQuantity": units}} for units in (3, 4)]
    page = read_summaries({"payload": {"inventorySummaries": entries}}, NOON, amazon_settings_for(stock_lag=0))
    assert (page.levels, page.cursor, page.as_of) == ((NetworkStock("MUG", 7),), None, NOON)


@pytest.mark.parametrize("number", [None, -1, "5", 1.5, True, 10**12])
def test_what_is_no_number_of_units_is_named(amazon_settings_for: Settings, number: Any) -> None:
    entry = {"sellerSku": "MUG-FBA", "inventoryDetails": {"fulfillableQuantity": number}}
    page = read_summaries({"payload": {"inventorySummaries": [entry, {}]}}, NOON, amazon_settings_for())
    assert page.levels == ()
    assert page.unreadable[0] == ("MUG", "Amazon says no fulfillableQuantity")
    assert len(page.unreadable) == 2


def test_an_answer_without_summaries_is_none(amazon_settings_for: Settings) -> None:
    with pytest.raises(AnswerUnreadable):
        read_summaries({"payload": {}}, NOON, amazon_settings_for())


def test_a_location_needs_its_marketplace(amazon_settings_for: Settings) -> None:
    with pytest.raises(ProviderRefused, match="elsewhere has no marketplace_id"):
        build_summaries("elsewhere", None, amazon_settings_for())
