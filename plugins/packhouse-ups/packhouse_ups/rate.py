"""Prices: UPS Rating v2409, POST /rating/v2409/Shop (every service on the lane)."""

from packhouse.sdk import AnswerUnreadable, Parcel, QuoteRequest, ShippingQuote
from packhouse_ups.client import Call
from packhouse_ups.mapping import (
    Json,
    charge,
    dimensions_json,
    rate_address_json,
    required,
    section,
    several,
    text,
    weight_json,
)
from packhouse_ups.settings import UpsSettings
from packhouse_ups.units import CARRIER, service_name

_NAME_CHARACTERS = 35
_CUSTOMER_PACKAGE = {"Code": "02", "Description": "Package"}
_DAILY_PICKUP = {"Code": "01"}


def build_rate_request(request: QuoteRequest, settings: UpsSettings) -> Call:
    """Ask for every service between two addresses.

    Raises:
        ProviderRefused: an address or a parcel cannot be written as UPS asks.
    """
    country = request.ship_from.country
    ship_to: Json = {"Address": rate_address_json(request.ship_to)}
    if not request.ship_to.company:
        ship_to["Address"]["ResidentialAddressIndicator"] = "Y"
    shipper = settings.shipper_address
    shipment: Json = {
        "Shipper": {
            "Name": (shipper.company or shipper.name)[:_NAME_CHARACTERS],
            "ShipperNumber": settings.account_number,
            "Address": rate_address_json(shipper),
        },
        "ShipTo": ship_to,
        "ShipFrom": {"Address": rate_address_json(request.ship_from)},
        "PaymentDetails": {
            "ShipmentCharge": [{"Type": "01", "BillShipper": {"AccountNumber": settings.account_number}}]
        },
        "Package": [_package(parcel, country) for parcel in request.parcels],
    }
    if settings.negotiated_rates:
        shipment["ShipmentRatingOptions"] = {"NegotiatedRatesIndicator": "Y"}
    body = {"RateRequest": {"Request": {"RequestOption": "Shop"}, "PickupType": _DAILY_PICKUP, "Shipment": shipment}}
    return Call("rate", "POST", "/rating/v2409/Shop", body)


def _package(parcel: Parcel, country: str) -> Json:
    package: Json = {
        "PackagingType": dict(_CUSTOMER_PACKAGE),
        "PackageWeight": weight_json(parcel.weight_grams, country),
    }
    if parcel.dimensions is not None:
        package["Dimensions"] = dimensions_json(parcel.dimensions, country)
    return package


def read_rate_response(payload: Json) -> list[ShippingQuote]:
    """One quote a service, the cheapest first. A service without a readable price is left out.

    Raises:
        AnswerUnreadable: the answer holds no RateResponse.
    """
    response = section(payload, "RateResponse")
    if "RatedShipment" not in response:
        raise AnswerUnreadable("RateResponse.RatedShipment is missing")
    cheapest: dict[str, ShippingQuote] = {}
    for rated in several(response["RatedShipment"]):
        quote = _quote(rated)
        known = cheapest.get(quote.service) if quote else None
        if quote and (known is None or quote.price.amount < known.price.amount):
            cheapest[quote.service] = quote
    return sorted(cheapest.values(), key=lambda quote: (quote.price.amount, quote.service))


def _quote(rated: Json) -> ShippingQuote | None:
    price = charge(rated)
    if price is None:
        return None
    service = section(rated, "Service")
    code = required(service, "Code")
    name = text(service, "Description") or service_name(code)
    return ShippingQuote(carrier=CARRIER, service=code, service_name=name, price=price, days=_days(rated))


def _days(rated: Json) -> int | None:
    arrival = section(rated, "TimeInTransit", "ServiceSummary", "EstimatedArrival")
    guaranteed = section(rated, "GuaranteedDelivery")
    days = text(arrival, "BusinessDaysInTransit") or text(guaranteed, "BusinessDaysInTransit")
    return int(days) if days.isascii() and days.isdigit() else None
