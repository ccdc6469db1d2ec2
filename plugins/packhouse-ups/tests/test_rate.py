from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from packhouse.sdk import AnswerUnreadable, Money, ProviderRefused, QuoteRequest, ShippingQuote
from packhouse_ups import UpsProvider, UpsSettings
from packhouse_ups.rate import build_rate_request, read_rate_response

SHOP = "/api/rating/v2409/Shop"


def test_build(ups_quote_request: QuoteRequest, ups_settings_for: Callable[..., UpsSettings]) -> None:
    call = build_rate_request(ups_quote_request, ups_settings_for())
    assert (call.method, call.path, call.effect) == ("POST", "/rating/v2409/Shop", False)
    assert call.body == {
        "RateRequest": {
            "Request": {"RequestOption": "Shop"},
            "PickupType": {"Code": "01"},
            "Shipment": {
                "Shipper": {
                    "Name": "Example Ltd",
                    "ShipperNumber": "A1B2C3",
                    "Address": {
                        "AddressLine": ["1 Example Street"],
                        "City": "London",
                        "CountryCode": "GB",
                        "PostalCode": "EC1A 1BB",
                    },
                },
                "ShipTo": {
                    "Address": {
                        "AddressLine": ["3 Example Lane"],
                        "City": "York",
                        "CountryCode": "GB",
                        "PostalCode": "YO1 7HH",
                        "ResidentialAddressIndicator": "Y",
                    }
                },
                "ShipFrom": {
                    "Address": {
                        "AddressLine": ["2 Dock Road"],
                        "City": "Leeds",
                        "CountryCode": "GB",
                        "PostalCode": "LS1 1AA",
                    }
                },
                "PaymentDetails": {"ShipmentCharge": [{"Type": "01", "BillShipper": {"AccountNumber": "A1B2C3"}}]},
                "Package": [
                    {
                        "PackagingType": {"Code": "02", "Description": "Package"},
                        "PackageWeight": {
                            "UnitOfMeasurement": {"Code": "KGS", "Description": "Kilograms"},
                            "Weight": "2.0",
                        },
                        "Dimensions": {
                            "UnitOfMeasurement": {"Code": "CM", "Description": "Centimeters"},
                            "Length": "31",
                            "Width": "20",
                            "Height": "10",
                        },
                    }
                ],
                "ShipmentRatingOptions": {"NegotiatedRatesIndicator": "Y"},
            },
        }
    }


def test_a_company_is_not_rated_as_residential(
    ups_quote_request: QuoteRequest, ups_settings_for: Callable[..., UpsSettings]
) -> None:
    request = replace(ups_quote_request, ship_to=replace(ups_quote_request.ship_to, company="Shop Ltd"))
    body = build_rate_request(request, ups_settings_for(negotiated_rates=False)).body
    assert body is not None
    shipment = body["RateRequest"]["Shipment"]
    assert "ResidentialAddressIndicator" not in shipment["ShipTo"]["Address"]
    assert "ShipmentRatingOptions" not in shipment


async def test_call(ups_host: Any, ups_provider: UpsProvider, ups_quote_request: QuoteRequest) -> None:
    ups_host.answer(SHOP, "rate_shop")
    quotes = await ups_provider.quote(ups_quote_request)
    assert [quote.service for quote in quotes] == ["11", "07"]
    (asked,) = ups_host.asked(SHOP)
    assert asked.method == "POST"
    assert asked.headers["Authorization"] == "Bearer first-token"
    assert asked.headers["transactionSrc"] == "packhouse"
    assert len(asked.headers["transId"]) == 32
    assert asked.json["RateRequest"]["Shipment"]["Shipper"]["ShipperNumber"] == "A1B2C3"


def test_parse(ups_fixture: Callable[[str], Any]) -> None:
    assert read_rate_response(ups_fixture("rate_shop")) == [
        ShippingQuote("ups", "11", "UPS Standard", Money(Decimal("9.35"), "GBP")),
        ShippingQuote("ups", "07", "UPS Worldwide Express", Money(Decimal("41.20"), "GBP"), days=1),
    ]


def test_one_service_may_come_as_an_object(ups_fixture: Callable[[str], Any]) -> None:
    quotes = read_rate_response(ups_fixture("rate_one_service"))
    assert quotes == [ShippingQuote("ups", "11", "UPS Standard", Money(Decimal("14.90"), "GBP"))]


@pytest.mark.parametrize("payload", [{}, {"RateResponse": {}}, {"RateResponse": None}, {"RateResponse": []}])
def test_an_answer_of_another_form_is_unreadable(payload: dict[str, Any]) -> None:
    with pytest.raises(AnswerUnreadable):
        read_rate_response(payload)


async def test_parse_an_error(ups_host: Any, ups_provider: UpsProvider, ups_quote_request: QuoteRequest) -> None:
    ups_host.answer(SHOP, "refusal", status=400)
    with pytest.raises(ProviderRefused) as refused:
        await ups_provider.quote(ups_quote_request)
    assert refused.value.code == "111210"
    assert refused.value.detail == (
        "UPS rate: The requested service is unavailable between the selected locations. (111210)"
    )
