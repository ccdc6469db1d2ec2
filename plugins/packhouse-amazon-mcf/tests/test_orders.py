"""An order in Amazon's words, and what Amazon says of one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from packhouse.sdk import (
    Address,
    AnswerUnreadable,
    FulfillmentRequest,
    Money,
    NetworkStatus,
    NetworkUpdate,
    ProviderRefused,
    ShippingSpeed,
)
from packhouse_amazon_mcf import AmazonMcfSettings
from packhouse_amazon_mcf.orders import (
    build_cancel_order,
    build_create_order,
    build_get_order,
    build_update_order,
    goes_to,
    read_action,
    read_created,
    read_order,
)

REFERENCE = "018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c"
PATH = f"/fulfillment/outbound/2026-07-04/orders/{REFERENCE}"

Settings = Callable[..., AmazonMcfSettings]


def body(request: FulfillmentRequest, settings: AmazonMcfSettings) -> Any:
    return build_create_order(request, settings).body


def test_an_order_in_amazons_words(amazon_request: FulfillmentRequest, amazon_settings_for: Settings) -> None:
    call = build_create_order(amazon_request, amazon_settings_for())
    assert (call.operation, call.method, call.path, call.effect) == (
        "createOrder",
        "POST",
        "/fulfillment/outbound/2026-07-04/orders",
        True,
    )
    assert call.body == {
        "orderId": REFERENCE,
        "channel": "web",
        "fulfillmentConfiguration": {
            "serviceLevel": {"serviceTiers": ["STANDARD"]},
            "action": "SHIP",
            "policy": "FILL_OR_KILL",
        },
        "origin": {"countryCode": "GB"},
        "destination": {
            "deliveryAddress": {
                "name": "A Customer",
                "addressLine1": "3 Example Lane",
                "city": "York",
                "postalCode": "YO1 7HH",
                "countryCode": "GB",
                "phone": "+44 20 0000 0000",
            }
        },
        "lineItems": [
            {
                "lineItemId": amazon_request.items[0].line,
                "product": {
                    "productIdentifier": {"amazonSku": "MUG-FBA"},
                    "perUnitDeclaredValue": {"currencyCode": "GBP", "amount": "10.00"},
                },
                "amount": {"unit": "EACHES", "value": "3"},
            },
            {
                "lineItemId": amazon_request.items[1].line,
                "product": {"productIdentifier": {"amazonSku": "PLATE"}},
                "amount": {"unit": "EACHES", "value": "1"},
            },
        ],
    }


def test_what_the_settings_add(amazon_request: FulfillmentRequest, amazon_settings_for: Settings) -> None:
    settings = amazon_settings_for(
        packaging="UNBRANDED",
        packing_slip_template="thanks",
        packing_slip_text="Thank you!",
        policy="FILL_ALL_AVAILABLE",
        share_email=True,
        declare_values=False,
        locations={},
    )
    ordered_at = datetime(2026, 11, 20, 10, tzinfo=timezone(timedelta(hours=1)))
    request = replace(amazon_request, speed=ShippingSpeed.EXPEDITED, ordered_at=ordered_at, channel="c" * 50)

    built = body(request, settings)

    assert built["fulfillmentConfiguration"] == {
        "serviceLevel": {"serviceTiers": ["EXPEDITED"]},
        "action": "SHIP",
        "policy": "FILL_ALL_AVAILABLE",
        "services": {
            "packaging": {
                "packagingOption": "UNBRANDED",
                "packingSlip": {
                    "templateName": "thanks",
                    "templateAttributes": {
                        "orderId": "PH-1",
                        "orderText": "Thank you!",
                        "orderTime": "2026-11-20T09:00:00Z",
                    },
                },
            }
        },
    }
    assert built["destination"]["deliveryAddress"]["email"] == "buyer@example.com"
    assert built["channel"] == "c" * 40
    assert "origin" not in built
    assert all("perUnitDeclaredValue" not in line["product"] for line in built["lineItems"])


def test_what_is_free_is_worth_nothing_to_declare(
    amazon_request: FulfillmentRequest, amazon_settings_for: Settings
) -> None:
    free = replace(amazon_request.items[0], unit_value=Money.of("0", "GBP"))
    (line,) = body(replace(amazon_request, items=(free,)), amazon_settings_for())["lineItems"]
    assert "perUnitDeclaredValue" not in line["product"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            Address(
                name="A B", company="Example Ltd", line1="1 Road", line2="Floor 2", city="X", postcode="1", country="GB"
            ),
            {"name": "A B", "addressLine1": "1 Road", "addressLine2": "Floor 2", "addressLine3": "Example Ltd"},
        ),
        (
            Address(company="Example Ltd", line1="1 Road", city="X", postcode="1", country="GB"),
            {"name": "Example Ltd", "addressLine1": "1 Road"},
        ),
        (
            Address(name="A B", line1="1 Road", city="NYC", region="US-NY", postcode="1", country="US"),
            {"city": "NYC", "stateOrRegion": "NY"},
        ),
        (
            Address(name="A B", line1="1 Road", city="Tokyo", region="東京都", postcode="1", country="JP"),
            {"stateOrRegion": "東京都"},
        ),
    ],
)
def test_addresses(
    amazon_request: FulfillmentRequest, amazon_settings_for: Settings, address: Address, shown: dict[str, str]
) -> None:
    sent = body(replace(amazon_request, ship_to=address), amazon_settings_for())["destination"]["deliveryAddress"]
    assert shown.items() <= sent.items()
    assert ("city" in sent) is (address.country != "JP")
    assert "" not in sent.values()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ship_to": Address(name="A", line1="1 Road", postcode="1", country="GB")}, "ADDRESS"),
        ({"ship_to": Address()}, "ADDRESS"),
        ({"items": ()}, "NOTHING_TO_SEND"),
        ({"reference": "x" * 41}, "REFERENCE"),
        ({"reference": ""}, "REFERENCE"),
    ],
)
def test_what_amazon_would_not_take_is_not_sent(
    amazon_request: FulfillmentRequest, amazon_settings_for: Settings, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        build_create_order(replace(amazon_request, **changes), amazon_settings_for())
    assert refused.value.code == code


def test_the_other_calls() -> None:
    assert (build_get_order(REFERENCE).method, build_get_order(REFERENCE).path) == ("GET", PATH)
    cancel, update = build_cancel_order(REFERENCE), build_update_order(REFERENCE, "HOLD")
    assert (cancel.method, cancel.path, cancel.body, cancel.effect) == ("PUT", f"{PATH}/cancel", None, True)
    assert (update.method, update.path, update.effect) == ("PUT", PATH, True)
    assert update.body == {"fulfillmentConfiguration": {"action": "HOLD"}}
    assert build_get_order("a/b?c").path == "/fulfillment/outbound/2026-07-04/orders/a%2Fb%3Fc"


# --- what Amazon says ---


@pytest.mark.parametrize(
    ("name", "status", "parcels"),
    [
        ("created", NetworkStatus.ACCEPTED, 0),
        ("processing", NetworkStatus.ACCEPTED, 0),
        ("shipped", NetworkStatus.SHIPPED, 2),
        ("partial", NetworkStatus.CANCELLED, 1),
        ("cancelled", NetworkStatus.CANCELLED, 0),
        ("unfulfillable", NetworkStatus.REJECTED, 0),
    ],
)
def test_where_an_order_stands(
    amazon_fixture: Callable[[str], Any], name: str, status: NetworkStatus, parcels: int
) -> None:
    update = read_order(amazon_fixture(name))
    assert (update.status, len(update.shipments)) == (status, parcels)
    assert bool(update.reason) is (status in {NetworkStatus.CANCELLED, NetworkStatus.REJECTED})


def test_a_new_order_is_shown_whole_or_by_its_status(amazon_fixture: Callable[[str], Any]) -> None:
    accepted = amazon_fixture("accepted")
    assert read_created(amazon_fixture("created")) == NetworkUpdate(NetworkStatus.ACCEPTED)
    assert read_created(accepted) == NetworkUpdate(NetworkStatus.ACCEPTED)
    assert read_created(accepted | {"status": "A new word"}) == NetworkUpdate(NetworkStatus.SUBMITTED)
    assert read_created({"orderId": REFERENCE}) == NetworkUpdate(NetworkStatus.SUBMITTED)
    for nothing in ({}, {"order": {}}, {"status": "PROCESSING"}):
        with pytest.raises(AnswerUnreadable):
            read_created(nothing)


def test_whether_an_order_is_on_hold(amazon_fixture: Callable[[str], Any]) -> None:
    assert (read_action(amazon_fixture("created")), read_action(amazon_fixture("on_hold"))) == ("SHIP", "HOLD")
    assert read_action({"order": {"orderId": "x"}}) == "SHIP"


def test_where_an_order_goes_to(amazon_fixture: Callable[[str], Any], amazon_request: FulfillmentRequest) -> None:
    order = amazon_fixture("created")
    assert goes_to(order, amazon_request.ship_to)
    assert not goes_to(order, replace(amazon_request.ship_to, line1="4 Example Lane"))
    assert not goes_to(order, Address())
    assert not goes_to({}, amazon_request.ship_to)
