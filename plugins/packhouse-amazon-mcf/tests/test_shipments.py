"""Parcels that left, and where they are."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from packhouse.sdk import AnswerUnreadable, NetworkShipment, TrackingStatus
from packhouse_amazon_mcf.shipments import read_parcels, read_scans

MUGS, PLATES = "018f6f2e-0000-7000-8000-000000000001", "018f6f2e-0000-7000-8000-000000000002"
SHIPPED_AT = datetime(2026, 11, 20, 15, tzinfo=UTC)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def shipped(amazon_fixture: Callable[[str], Any]) -> Any:
    """An order of one shipment in two packages, which a test may change."""
    return copy.deepcopy(amazon_fixture("shipped"))


def parcels(payload: Any) -> list[NetworkShipment]:
    return list(read_parcels(payload["order"]))


def test_each_package_is_a_parcel_and_the_first_has_the_shipments_id(shipped: Any) -> None:
    first, second = parcels(shipped)
    assert first == NetworkShipment(
        external_id="SHIP-1",
        carrier="ups",
        tracking_number="1ZA",
        shipped_at=SHIPPED_AT,
        lines={MUGS: 2},
        service="STANDARD",
        tracking_url="https://track.example/1ZA",
    )
    assert (second.external_id, second.tracking_number, second.lines) == ("SHIP-1/PKG-B", "1ZB", {MUGS: 1, PLATES: 1})


def test_the_same_whatever_order_amazon_lists_them_in(shipped: Any) -> None:
    before = parcels(shipped)
    shipped["order"]["shipments"][0]["packages"].reverse()
    assert parcels(shipped) == before


def test_items_may_name_their_package_themselves(shipped: Any) -> None:
    before = parcels(shipped)
    (shipment,) = shipped["order"]["shipments"]
    for package in shipment["packages"]:
        del package["shipmentItemIds"]
    for item, package in zip(shipment["items"], ("PKG-A", "PKG-B", "PKG-B"), strict=True):
        item["packageId"] = package
    assert parcels(shipped) == before


@pytest.mark.parametrize("packages", [0, 2])
def test_a_shipment_whose_packages_are_not_told_apart_is_one_parcel(shipped: Any, packages: int) -> None:
    (shipment,) = shipped["order"]["shipments"]
    shipment["packages"] = shipment["packages"][:packages]
    for package in shipment["packages"]:
        package["shipmentItemIds"] = []
    (parcel,) = parcels(shipped)
    assert (parcel.external_id, parcel.lines) == ("SHIP-1", {MUGS: 3, PLATES: 1})
    assert (parcel.carrier, parcel.tracking_number) == (("ups", "1ZA") if packages else ("", ""))


@pytest.mark.parametrize("status", ["PROCESSING", "CANCELLED", "A NEW WORD"])
def test_what_has_not_left_is_no_parcel(shipped: Any, status: str) -> None:
    shipped["order"]["shipments"][0]["status"] = status
    assert parcels(shipped) == []
    assert read_scans(shipped, "SHIP-1", NOON) == []


def test_amazons_own_number_stands_in_for_the_carriers(shipped: Any) -> None:
    (shipment,) = shipped["order"]["shipments"]
    shipment["packages"][1]["tracking"]["carrier"] = {"carrierCode": "AMZN_UK"}
    first = parcels(shipped)[0]
    assert (first.carrier, first.tracking_number, first.tracking_url) == (
        "amzn_uk",
        "A1ZA",
        "https://swiship.example/A1ZA",
    )


def test_texts_that_cannot_be_kept_are_left_out(shipped: Any) -> None:
    (shipment,) = shipped["order"]["shipments"]
    shipment["packages"][1]["tracking"] = {
        "carrier": {"carrierCode": "C" * 65, "trackingNumber": "1" * 65, "trackingUrl": "javascript:alert(1)"}
    }
    first = parcels(shipped)[0]
    assert (first.carrier, first.tracking_number, first.tracking_url) == ("", "", "")


def test_without_a_ship_time_the_orders_own_times_count(shipped: Any) -> None:
    del shipped["order"]["shipments"][0]["shipTime"]
    assert parcels(shipped)[0].shipped_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    for name in ("statusUpdateTime", "receiveTime"):
        del shipped["order"][name]
    with pytest.raises(AnswerUnreadable, match="shipTime"):
        parcels(shipped)


@pytest.mark.parametrize(
    "change",
    [
        {"items": []},
        {"items": [{"lineItemId": MUGS, "amount": {"value": "0"}}]},
        {"items": [{"lineItemId": MUGS, "amount": {"value": "1.5"}}]},
        {"items": [{"lineItemId": MUGS, "amount": {"value": "1E+999999"}}]},
        {"items": [{"lineItemId": MUGS, "amount": {"value": "NaN"}}]},
        {"items": [{"lineItemId": MUGS}]},
        {"items": [{"amount": {"value": "1"}}]},
        {"amazonShipmentId": ""},
    ],
)
def test_a_parcel_without_its_units_is_not_made_up(shipped: Any, change: dict[str, Any]) -> None:
    shipped["order"]["shipments"][0] |= change
    with pytest.raises(AnswerUnreadable):
        parcels(shipped)


# --- where they are ---


def test_where_each_parcel_is(shipped: Any) -> None:
    left, moving = read_scans(shipped, "SHIP-1", NOON)
    assert (left.external_id, left.status, left.occurred_at) == ("SHIP-1:SHIPPED", TrackingStatus.PICKED_UP, SHIPPED_AT)
    assert (moving.external_id, moving.status, moving.occurred_at) == (
        "SHIP-1:IN_TRANSIT",
        TrackingStatus.IN_TRANSIT,
        NOON,
    )
    assert (moving.description, moving.carrier_code) == ("In transit", "IN_TRANSIT")
    assert read_scans(shipped, "SHIP-1/PKG-B", NOON)[1].status is TrackingStatus.OUT_FOR_DELIVERY
    assert read_scans(shipped, "SHIP-2", NOON) == []


@pytest.mark.parametrize(("day", "at"), [(21, NOON), (23, datetime(2026, 11, 22, 18, tzinfo=UTC))])
def test_a_delivery_counts_from_its_time_which_is_never_in_the_future(
    amazon_fixture: Callable[[str], Any], day: int, at: datetime
) -> None:
    asked_at = NOON.replace(day=day)
    delivered = read_scans(amazon_fixture("delivered"), "SHIP-1", asked_at)[1]
    assert (delivered.status, delivered.occurred_at) == (TrackingStatus.DELIVERED, min(at, asked_at))


@pytest.mark.parametrize(
    ("word", "status", "incident"),
    [
        ("PROCESSING", TrackingStatus.PENDING, ""),
        ("DELAYED", TrackingStatus.DELIVERY_DELAYED, ""),
        ("UNDELIVERABLE", TrackingStatus.NEEDS_ATTENTION, "undeliverable"),
        ("EXPIRED", TrackingStatus.NEEDS_ATTENTION, "tracking expired"),
        ("A_NEW_WORD", TrackingStatus.UNKNOWN, ""),
    ],
)
def test_amazons_words(shipped: Any, word: str, status: TrackingStatus, incident: str) -> None:
    shipped["order"]["shipments"][0]["packages"][1]["status"] = word
    scan = read_scans(shipped, "SHIP-1", NOON)[1]
    assert (scan.status, scan.incident, scan.external_id) == (status, incident, f"SHIP-1:{word}")


def test_of_several_packages_in_one_parcel_the_last_one_counts(amazon_fixture: Callable[[str], Any]) -> None:
    payload = copy.deepcopy(amazon_fixture("delivered"))
    packages = payload["order"]["shipments"][0]["packages"]
    for package in packages:
        package["shipmentItemIds"] = []
    packages[0]["status"] = "IN_TRANSIT"
    assert read_scans(payload, "SHIP-1", NOON)[1].status is TrackingStatus.IN_TRANSIT
    del packages[0]["status"]
    assert [scan.status for scan in read_scans(payload, "SHIP-1", NOON)] == [TrackingStatus.PICKED_UP]
