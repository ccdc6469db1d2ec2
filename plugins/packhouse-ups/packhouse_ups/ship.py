"""Labels: UPS Shipping v2409, POST /shipments/v2409/ship, and the look-up of a lost answer, POST /labels/v1/recovery.

UPS knows no idempotency key: the same request twice buys two labels. So the reference of the request travels with the
shipment, and after a call in doubt the label is looked up by it.
"""

from packhouse.sdk import AnswerUnreadable, LabelRequest, Parcel, ProviderRefused, PurchasedLabel
from packhouse_ups.client import Call
from packhouse_ups.labels import document, read_label
from packhouse_ups.mapping import (
    Json,
    charge,
    dimensions_json,
    party_json,
    reference_value,
    required,
    section,
    several,
    text,
    weight_json,
)
from packhouse_ups.settings import UpsSettings
from packhouse_ups.units import PACKAGE_REFERENCE_LANES, service_code, service_name

TRACKING_PAGE = "https://www.ups.com/track?tracknum="

# Label recovery's refusals. Nothing that can be used was bought: not found; voided.
NOT_BOUGHT_CODES = frozenset({"300007", "300033"})
# It was bought, or could have been, but its label cannot be given: a person or a later look-up has to say.
STILL_IN_DOUBT_CODES = frozenset({"300001", "300002", "300003", "300004", "300006", "300032", "300034", "300035"})

_CUSTOMER_PACKAGE = {"Code": "02", "Description": "Package"}
_STOCK = {"Height": "6", "Width": "4"}
# The two formats' own requirement: a GIF label comes in a page made for a browser that is named.
_BROWSER = "Mozilla/4.5"
_DESCRIPTION_CHARACTERS = 50
_CONTEXT_CHARACTERS = 512


def build_ship_request(request: LabelRequest, settings: UpsSettings) -> Call:
    """Buy the label of a shipment.

    Raises:
        ProviderRefused: the service is none of UPS's, or an address, a parcel or the reference cannot be written as
            UPS asks. Nothing was sent.
    """
    service = service_code(request.service)
    if service is None:
        raise ProviderRefused(f"UPS has no service {request.service!r}", code="UNKNOWN_SERVICE")
    ship_to = party_json(request.ship_to)
    if not request.ship_to.company:
        ship_to["Address"]["ResidentialAddressIndicator"] = "Y"
    shipment: Json = {
        "Shipper": {**party_json(settings.shipper_address), "ShipperNumber": settings.account_number},
        "ShipTo": ship_to,
        "ShipFrom": party_json(request.ship_from),
        "PaymentInformation": {
            "ShipmentCharge": [{"Type": "01", "BillShipper": {"AccountNumber": settings.account_number}}]
        },
        "Service": {"Code": service, "Description": service_name(service)[:35]},
        "Package": [_package(parcel, request.ship_from.country) for parcel in request.parcels],
    }
    if settings.negotiated_rates:
        shipment["ShipmentRatingOptions"] = {"NegotiatedRatesIndicator": "Y"}
    if request.ship_from.country != request.ship_to.country:
        shipment["Description"] = _description(request)
    _add_reference(shipment, request)
    body = {
        "ShipmentRequest": {
            "Request": {
                "RequestOption": "nonvalidate",
                "TransactionReference": {"CustomerContext": request.idempotency_key[:_CONTEXT_CHARACTERS] or "label"},
            },
            "Shipment": shipment,
            "LabelSpecification": _label_specification(settings.label_format),
        }
    }
    return Call("ship", "POST", "/shipments/v2409/ship", body, effect=True)


def _package(parcel: Parcel, country: str) -> Json:
    package: Json = {
        "Packaging": dict(_CUSTOMER_PACKAGE),
        "PackageWeight": weight_json(parcel.weight_grams, country),
    }
    if parcel.dimensions is not None:
        package["Dimensions"] = dimensions_json(parcel.dimensions, country)
    return package


def _add_reference(shipment: Json, request: LabelRequest) -> None:
    # UPS refuses a shipment reference on US/US and PR/PR (120541), and package references on every other lane.
    reference = [{"Value": reference_value(request.reference)}]
    if (request.ship_from.country, request.ship_to.country) in PACKAGE_REFERENCE_LANES:
        for package in shipment["Package"]:
            package["ReferenceNumber"] = reference
    else:
        shipment["ReferenceNumber"] = reference


def _description(request: LabelRequest) -> str:
    titles = dict.fromkeys(item.title.strip() for parcel in request.parcels for item in parcel.items)
    return (", ".join(title for title in titles if title) or "Merchandise")[:_DESCRIPTION_CHARACTERS]


def _label_specification(label_format: str) -> Json:
    specification: Json = {"LabelImageFormat": {"Code": label_format}, "LabelStockSize": dict(_STOCK)}
    if label_format == "GIF":
        specification["HTTPUserAgent"] = _BROWSER
    return specification


def read_ship_response(payload: Json) -> PurchasedLabel:
    """The label that was bought: the first package's number, the shipment's number for voiding it, every label.

    Raises:
        AnswerUnreadable: a number or a label is missing (it was bought all the same: look it up).
    """
    results = section(payload, "ShipmentResponse", "ShipmentResults")
    labels = [
        read_label(package, section(package, "ShippingLabel"), "ImageFormat")
        for package in several(results.get("PackageResults"))
    ]
    if not labels:
        raise AnswerUnreadable("ShipmentResults.PackageResults is missing")
    media_type, content = document(labels)
    return PurchasedLabel(
        tracking_number=labels[0].tracking_number,
        external_id=required(results, "ShipmentIdentificationNumber"),
        media_type=media_type,
        content=content,
        price=charge(results),
        tracking_url=TRACKING_PAGE + labels[0].tracking_number,
    )


def build_recovery_request(request: LabelRequest, settings: UpsSettings) -> Call:
    """Ask for the label that an earlier call may have bought, by its reference and the account.

    The description asks for `TrackingNumbers` (Roadie's) in every request, and for four letters where its own values
    (GIF, ZPL) have three: an empty list satisfies the first, and GIF is the default where the format is left out.
    """
    recovery: Json = {
        "Request": {},
        "TrackingNumbers": [],
        "ReferenceValues": {
            "ReferenceNumber": {"Value": reference_value(request.reference)},
            "ShipperNumber": settings.account_number,
        },
    }
    if settings.label_format == "GIF":
        recovery["LabelSpecification"] = {"HTTPUserAgent": _BROWSER}
    else:
        recovery["LabelSpecification"] = _label_specification(settings.label_format)
    return Call("label recovery", "POST", "/labels/v1/recovery", {"LabelRecoveryRequest": recovery})


def read_recovery_response(payload: Json) -> PurchasedLabel:
    """The label that had been bought; UPS does not repeat its price.

    Raises:
        AnswerUnreadable: a number or a label is missing.
    """
    response = section(payload, "LabelRecoveryResponse")
    labels = [
        read_label(result, section(result, "LabelImage"), "LabelImageFormat")
        for result in several(response.get("LabelResults"))
    ]
    if not labels:
        raise AnswerUnreadable("LabelRecoveryResponse.LabelResults is missing")
    media_type, content = document(labels)
    return PurchasedLabel(
        tracking_number=labels[0].tracking_number,
        external_id=text(response, "ShipmentIdentificationNumber") or labels[0].tracking_number,
        media_type=media_type,
        content=content,
        tracking_url=TRACKING_PAGE + labels[0].tracking_number,
    )
