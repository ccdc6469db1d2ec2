import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from packhouse.sdk import (
    Address,
    AnswerUnreadable,
    LabelRequest,
    Money,
    ProviderInDoubt,
    ProviderRefused,
    PurchasedLabel,
)
from packhouse_ups import UpsProvider, UpsSettings
from packhouse_ups.ship import (
    build_recovery_request,
    build_ship_request,
    read_recovery_response,
    read_ship_response,
)

SHIP = "/api/shipments/v2409/ship"
RECOVERY = "/api/labels/v1/recovery"
NUMBER = "1ZA1B2C36800000011"
REFERENCE = "018f6f2e7b7a7cc19a373b1f0f1e2d3c"
LABEL = PurchasedLabel(
    tracking_number=NUMBER,
    external_id=NUMBER,
    media_type="image/gif",
    content=b"GIF89a-label-of-parcel-one",
    price=Money(Decimal("9.35"), "GBP"),
    tracking_url=f"https://www.ups.com/track?tracknum={NUMBER}",
)


def test_build(ups_label_request: LabelRequest, ups_settings_for: Callable[..., UpsSettings]) -> None:
    call = build_ship_request(ups_label_request, ups_settings_for())
    assert (call.method, call.path, call.effect) == ("POST", "/shipments/v2409/ship", True)
    assert call.body is not None
    request = call.body["ShipmentRequest"]
    assert request["Request"]["TransactionReference"] == {"CustomerContext": "label-0001"}
    assert request["LabelSpecification"] == {
        "LabelImageFormat": {"Code": "GIF"},
        "LabelStockSize": {"Height": "6", "Width": "4"},
        "HTTPUserAgent": "Mozilla/4.5",
    }
    shipment = request["Shipment"]
    assert shipment["Shipper"] == {
        "Name": "Example Ltd",
        "AttentionName": "Dispatch",
        "Phone": {"Number": "442000000000"},
        "ShipperNumber": "A1B2C3",
        "Address": {
            "AddressLine": ["1 Example Street"],
            "City": "London",
            "CountryCode": "GB",
            "PostalCode": "EC1A 1BB",
        },
    }
    assert shipment["ShipFrom"]["Name"] == "Example Ltd"
    assert shipment["ShipFrom"]["Address"]["City"] == "Leeds"
    assert shipment["ShipTo"]["Name"] == shipment["ShipTo"]["AttentionName"] == "A Customer"
    assert shipment["Service"] == {"Code": "11", "Description": "UPS Standard"}
    assert shipment["ReferenceNumber"] == [{"Value": REFERENCE}]
    assert "ReferenceNumber" not in shipment["Package"][0]
    assert "Description" not in shipment


@pytest.mark.parametrize("country", ["US", "PR"])
def test_the_reference_stands_on_packages_within_the_united_states(
    country: str, ups_label_request: LabelRequest, ups_settings_for: Callable[..., UpsSettings]
) -> None:
    # UPS refuses a shipment's reference there with 120541.
    place = Address(name="Somebody", line1="1 Main St", city="A Town", region="NY", postcode="10001", country=country)
    request = replace(
        ups_label_request,
        ship_from=place,
        ship_to=place,
        parcels=(*ups_label_request.parcels, *ups_label_request.parcels),
    )
    body = build_ship_request(request, ups_settings_for()).body
    assert body is not None
    shipment = body["ShipmentRequest"]["Shipment"]
    assert "ReferenceNumber" not in shipment
    assert [package["ReferenceNumber"] for package in shipment["Package"]] == [[{"Value": REFERENCE}]] * 2
    assert shipment["Package"][0]["PackageWeight"]["Weight"] == "4.3"
    assert shipment["Package"][0]["PackageWeight"]["UnitOfMeasurement"]["Code"] == "LBS"


def test_goods_are_described_when_they_cross_a_border(
    ups_label_request: LabelRequest, ups_settings_for: Callable[..., UpsSettings]
) -> None:
    request = replace(ups_label_request, ship_to=replace(ups_label_request.ship_to, country="FR"))
    body = build_ship_request(request, ups_settings_for()).body
    assert body is not None
    assert body["ShipmentRequest"]["Shipment"]["Description"] == "Mug"


def test_zpl_labels_need_no_browser(
    ups_label_request: LabelRequest, ups_settings_for: Callable[..., UpsSettings]
) -> None:
    body = build_ship_request(ups_label_request, ups_settings_for(label_format="ZPL")).body
    assert body is not None
    assert body["ShipmentRequest"]["LabelSpecification"] == {
        "LabelImageFormat": {"Code": "ZPL"},
        "LabelStockSize": {"Height": "6", "Width": "4"},
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"service": "Pigeon"}, "UNKNOWN_SERVICE"),
        ({"reference": "R" * 36}, "REFERENCE_LENGTH"),
        ({"reference": " "}, "REFERENCE_LENGTH"),
    ],
)
async def test_what_ups_could_not_read_is_never_sent(
    change: dict[str, str], code: str, ups_host: Any, ups_provider: UpsProvider, ups_label_request: LabelRequest
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        await ups_provider.buy_label(replace(ups_label_request, **change))  # type: ignore[arg-type]  # text fields
    assert refused.value.code == code
    assert ups_host.requests == []


async def test_call(ups_host: Any, ups_provider: UpsProvider, ups_label_request: LabelRequest) -> None:
    ups_host.answer(SHIP, "ship_one_parcel")
    assert await ups_provider.buy_label(ups_label_request) == LABEL
    (asked,) = ups_host.asked(SHIP)
    assert asked.json["ShipmentRequest"]["Shipment"]["ReferenceNumber"] == [{"Value": REFERENCE}]


def test_parse(ups_fixture: Callable[[str], Any]) -> None:
    assert read_ship_response(ups_fixture("ship_one_parcel")) == LABEL


def test_labels_of_several_parcels_for_a_printer_are_one_job(ups_fixture: Callable[[str], Any]) -> None:
    label = read_ship_response(ups_fixture("ship_two_parcels_zpl"))
    assert label.tracking_number == NUMBER
    assert label.media_type == "application/zpl"
    assert label.content == b"^XA^FO50,50^FDparcel one^FS^XZ\n^XA^FO50,50^FDparcel two^FS^XZ"


def test_images_of_several_parcels_are_an_archive(ups_fixture: Callable[[str], Any]) -> None:
    label = read_ship_response(ups_fixture("ship_two_parcels_gif"))
    assert label.media_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(label.content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "001-1ZA1B2C36800000011.gif": b"GIF89a-label-of-parcel-one",
            "002-1ZA1B2C36800000022.gif": b"GIF89a-label-of-parcel-two",
        }
    assert read_ship_response(ups_fixture("ship_two_parcels_gif")) == label


def test_a_bought_label_without_a_readable_price_is_kept(ups_fixture: Callable[[str], Any]) -> None:
    payload = ups_fixture("ship_one_parcel")
    results = payload["ShipmentResponse"]["ShipmentResults"]
    del results["NegotiatedRateCharges"]
    results["ShipmentCharges"]["TotalCharges"]["MonetaryValue"] = "much"
    assert read_ship_response(payload) == replace(LABEL, price=None)


@pytest.mark.parametrize("missing", ["PackageResults", "ShipmentIdentificationNumber"])
def test_a_label_without_its_numbers_is_unreadable(missing: str, ups_fixture: Callable[[str], Any]) -> None:
    payload = ups_fixture("ship_one_parcel")
    del payload["ShipmentResponse"]["ShipmentResults"][missing]
    with pytest.raises(AnswerUnreadable, match=missing):
        read_ship_response(payload)


def test_a_label_that_is_no_base64_is_unreadable(ups_fixture: Callable[[str], Any]) -> None:
    payload = ups_fixture("ship_one_parcel")
    package = payload["ShipmentResponse"]["ShipmentResults"]["PackageResults"]
    package["ShippingLabel"]["GraphicImage"] = "not base64!"
    with pytest.raises(AnswerUnreadable, match="GraphicImage is not base64"):
        read_ship_response(payload)


async def test_parse_an_error(ups_host: Any, ups_provider: UpsProvider, ups_label_request: LabelRequest) -> None:
    ups_host.answer(SHIP, "ship_refused", status=400)
    with pytest.raises(ProviderRefused) as refused:
        await ups_provider.buy_label(ups_label_request)
    assert refused.value.code == "120124"
    assert len(ups_host.asked(SHIP)) == 1


def test_recovery_build(ups_label_request: LabelRequest, ups_settings_for: Callable[..., UpsSettings]) -> None:
    call = build_recovery_request(ups_label_request, ups_settings_for())
    assert (call.method, call.path, call.effect) == ("POST", "/labels/v1/recovery", False)
    assert call.body == {
        "LabelRecoveryRequest": {
            "Request": {},
            "TrackingNumbers": [],
            "ReferenceValues": {"ReferenceNumber": {"Value": REFERENCE}, "ShipperNumber": "A1B2C3"},
            "LabelSpecification": {"HTTPUserAgent": "Mozilla/4.5"},
        }
    }


async def test_recovery_call(ups_host: Any, ups_provider: UpsProvider, ups_label_request: LabelRequest) -> None:
    ups_host.answer(RECOVERY, "recovery")
    assert await ups_provider.find_label(ups_label_request) == replace(LABEL, price=None)


def test_recovery_parse(ups_fixture: Callable[[str], Any]) -> None:
    assert read_recovery_response(ups_fixture("recovery")) == replace(LABEL, price=None)


@pytest.mark.parametrize("payload", [{}, {"LabelRecoveryResponse": {"LabelResults": []}}])
def test_recovery_without_a_label_is_unreadable(payload: dict[str, Any]) -> None:
    with pytest.raises(AnswerUnreadable, match="LabelResults is missing"):
        read_recovery_response(payload)


@pytest.mark.parametrize("status", [400, 404])
async def test_recovery_of_what_was_never_bought_is_none(
    status: int, ups_host: Any, ups_provider: UpsProvider, ups_label_request: LabelRequest
) -> None:
    ups_host.answer(RECOVERY, "recovery_not_found", status=status)
    assert await ups_provider.find_label(ups_label_request) is None


async def test_recovery_of_several_shipments_stays_in_doubt(
    ups_host: Any, ups_provider: UpsProvider, ups_label_request: LabelRequest
) -> None:
    ups_host.answer(RECOVERY, "recovery_several", status=400)
    with pytest.raises(ProviderInDoubt) as doubt:
        await ups_provider.find_label(ups_label_request)
    assert doubt.value.code == "300001"


async def test_recovery_parse_an_error(
    ups_host: Any, ups_provider: UpsProvider, ups_label_request: LabelRequest
) -> None:
    ups_host.answer(RECOVERY, "ship_refused", status=400)
    with pytest.raises(ProviderRefused) as refused:
        await ups_provider.find_label(ups_label_request)
    assert refused.value.code == "120124"
