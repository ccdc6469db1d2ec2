import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from packhouse.sdk import AnswerUnreadable, FulfillmentOffer, FulfillmentRequest, Money, ProviderRefused, ShippingSpeed
from packhouse_amazon_mcf import AmazonMcfProvider, AmazonMcfSettings
from packhouse_amazon_mcf.previews import build_preview, read_preview

WANTED = {"MUG-FBA": 3, "PLATE": 1}


def test_a_preview_is_asked_for(
    amazon_request: FulfillmentRequest, amazon_settings_for: Callable[..., AmazonMcfSettings]
) -> None:
    call = build_preview(
        replace(amazon_request, speed=ShippingSpeed.PRIORITY), amazon_settings_for(packaging="UNBRANDED")
    )
    assert (call.method, call.path, call.effect) == ("POST", "/fulfillment/outbound/2026-07-04/previews", False)
    assert call.body is not None
    assert call.body["fulfillmentConfiguration"] == {
        "serviceLevel": {"serviceTiers": ["STANDARD", "EXPEDITED", "PRIORITY"]},
        "services": {"packaging": {"packagingOption": "UNBRANDED"}},
    }
    assert [line["product"]["productIdentifier"]["amazonSku"] for line in call.body["lineItems"]] == [
        "MUG-FBA",
        "PLATE",
    ]
    with pytest.raises(ProviderRefused):
        build_preview(replace(amazon_request, items=()), amazon_settings_for())


async def test_what_all_shipments_have_in_common_is_an_offer_and_its_price_their_sum(
    amazon: Any, provider: AmazonMcfProvider, amazon_request: FulfillmentRequest
) -> None:
    amazon.answer("POST /fulfillment/outbound/2026-07-04/previews", "preview")
    preview = await provider.preview(amazon_request)
    assert preview.offers == (
        FulfillmentOffer(
            speed="STANDARD",
            # 5.25 and 3.755, rounded to pence each
            price=Money.of("9.01", "GBP"),
            ship_by=datetime(2026, 11, 22, 22, tzinfo=UTC),
            deliver_from=datetime(2026, 11, 22, 7, tzinfo=UTC),
            deliver_by=datetime(2026, 11, 24, 22, tzinfo=UTC),
        ),
    )
    assert preview.problems == ("The plate travels by itself.",)


def test_the_cheapest_comes_first_and_one_without_a_price_last(amazon_fixture: Callable[[str], Any]) -> None:
    payload = copy.deepcopy(amazon_fixture("preview"))
    payload["plannedShipments"].pop()
    offers = payload["plannedShipments"][0]["offers"]
    offers.append({"fulfillmentConfiguration": {"serviceLevel": {"serviceTier": "PRIORITY"}}})
    preview = read_preview(payload, {"MUG-FBA": 3})
    assert [(offer.speed, offer.price and str(offer.price)) for offer in preview.offers] == [
        ("STANDARD", "5.25 GBP"),
        ("EXPEDITED", "7.50 GBP"),
        ("PRIORITY", None),
    ]


def test_what_is_not_covered_is_not_offered(amazon_fixture: Callable[[str], Any]) -> None:
    preview = read_preview(amazon_fixture("preview"), WANTED | {"MUG-FBA": 5})
    assert preview.offers == ()
    assert "only 3 of 5 units of MUG-FBA" in preview.problems
    nothing = read_preview({"plannedShipments": [], "constraints": [{"code": "NoStock"}]}, WANTED)
    assert (nothing.offers, nothing.problems[0]) == ((), "NoStock")
    with pytest.raises(AnswerUnreadable):
        read_preview({}, WANTED)


def test_prices_in_two_currencies_have_no_sum(amazon_fixture: Callable[[str], Any]) -> None:
    payload = copy.deepcopy(amazon_fixture("preview"))
    payload["plannedShipments"][1]["offers"][0]["estimatedPrice"]["totalPrice"]["currencyCode"] = "EUR"
    (offer,) = read_preview(payload, WANTED).offers
    assert offer.price is None
