"""Orders: Fulfillment Outbound 2026-07-04, createOrder, getOrder, updateOrder, cancelOrder. Our reference is Amazon's order id."""

import re
from urllib.parse import quote

from packhouse.sdk import Address, AnswerUnreadable, FulfillmentItem, FulfillmentRequest, NetworkUpdate, ProviderRefused
from packhouse_amazon_mcf.client import Call
from packhouse_amazon_mcf.mapping import (
    Json,
    address_json,
    moment_json,
    money_json,
    required,
    section,
    text,
    units_json,
)
from packhouse_amazon_mcf.settings import AmazonMcfSettings
from packhouse_amazon_mcf.shipments import read_parcels
from packhouse_amazon_mcf.units import REASONS, TIERS, order_status

BASE = "/fulfillment/outbound/2026-07-04"
SHIP, HOLD = "SHIP", "HOLD"

_REFERENCE = re.compile(r"[\x21-\x7e]{1,40}")
_CHANNEL_CHARACTERS = 40


def build_create_order(request: FulfillmentRequest, settings: AmazonMcfSettings) -> Call:
    """Ask Amazon to send an order. A second one with the same reference is refused by Amazon.

    Raises:
        ProviderRefused: the address or the reference cannot be written as Amazon asks, or there is nothing to send.
    """
    if not request.items:
        raise ProviderRefused(f"order {request.reference} has nothing to send", code="NOTHING_TO_SEND")
    configuration: Json = {
        "serviceLevel": {"serviceTiers": [TIERS[request.speed]]},
        "action": SHIP,
        "policy": settings.policy,
    }
    packaging = _packaging(request, settings)
    if packaging:
        configuration["services"] = {"packaging": packaging}
    body: Json = {
        "orderId": checked_reference(request.reference),
        "fulfillmentConfiguration": configuration,
        "destination": {"deliveryAddress": destination(request, settings)},
        "lineItems": [{"lineItemId": item.line, **line_json(item, settings)} for item in request.items],
    }
    if request.channel:
        body["channel"] = request.channel[:_CHANNEL_CHARACTERS]
    return Call("createOrder", "POST", f"{BASE}/orders", body | origin(request, settings), effect=True)


def _packaging(request: FulfillmentRequest, settings: AmazonMcfSettings) -> Json:
    packaging: Json = {"packagingOption": settings.packaging} if settings.packaging else {}
    if settings.packing_slip_template:
        attributes = {"orderId": request.order_number, "orderText": settings.packing_slip_text}
        if request.ordered_at is not None:
            attributes["orderTime"] = moment_json(request.ordered_at)
        packaging["packingSlip"] = {
            "templateName": settings.packing_slip_template,
            "templateAttributes": attributes,
        }
    return packaging


def destination(request: FulfillmentRequest, settings: AmazonMcfSettings) -> Json:
    """The address of a request; the customer's e-mail only where the settings share it, as Amazon writes to it."""
    email = request.ship_to.email or request.email
    return address_json(request.ship_to, email=email if settings.share_email else "")


def line_json(item: FulfillmentItem, settings: AmazonMcfSettings) -> Json:
    """Units of a SKU, with what one is worth."""
    product: Json = {"productIdentifier": {"amazonSku": settings.amazon_sku(item.sku)}}
    if settings.declare_values and item.unit_value is not None and item.unit_value.amount > 0:
        product["perUnitDeclaredValue"] = money_json(item.unit_value)
    return {"product": product, "amount": units_json(item.quantity)}


def origin(request: FulfillmentRequest, settings: AmazonMcfSettings) -> Json:
    """Where the goods ship from, where the settings say."""
    country = settings.location(request.location).country
    return {"origin": {"countryCode": country}} if country else {}


def build_get_order(reference: str) -> Call:
    """Ask how an order stands."""
    return Call("getOrder", "GET", _path(reference))


def build_cancel_order(reference: str) -> Call:
    """Ask Amazon to stop; whether it still can is seen in the order."""
    return Call("cancelOrder", "PUT", f"{_path(reference)}/cancel", effect=True)


def build_update_order(reference: str, action: str) -> Call:
    """Hold an order, or let it ship: nothing else of it can be changed."""
    body = {"fulfillmentConfiguration": {"action": action}}
    return Call("updateOrder", "PUT", _path(reference), body, effect=True)


def read_created(payload: Json) -> NetworkUpdate:
    """Where a new order stands: whole (200), or its status alone where Amazon works on it later (202).

    Raises:
        AnswerUnreadable: the answer names no order.
    """
    if "order" in payload:
        return read_order(payload)
    required(payload, "orderId")
    return NetworkUpdate(order_status(text(payload, "status")))


def read_order(payload: Json) -> NetworkUpdate:
    """Where an order stands, with the parcels that left.

    Raises:
        AnswerUnreadable: the answer holds no order, or a parcel without id or units.
    """
    order = section(payload, "order")
    required(order, "orderId")
    status = text(order, "status")
    return NetworkUpdate(order_status(status), reason=REASONS.get(status, ""), shipments=tuple(read_parcels(order)))


def read_action(payload: Json) -> str:
    """Whether an order ships (the default) or is on hold.

    Raises:
        AnswerUnreadable: the answer holds no order.
    """
    order = section(payload, "order")
    required(order, "orderId")
    return text(section(order, "fulfillmentConfiguration"), "action") or SHIP


def goes_to(payload: Json, address: Address) -> bool:
    """Whether an order goes to that address already, as far as Amazon shows it."""
    known = section(payload, "order", "destination", "deliveryAddress")
    try:
        wanted = address_json(address)
    except ProviderRefused:
        return False
    names = (
        "name",
        "addressLine1",
        "addressLine2",
        "addressLine3",
        "city",
        "stateOrRegion",
        "postalCode",
        "countryCode",
    )
    return all(known.get(name, "") == wanted.get(name, "") for name in names)


def read_nothing(payload: Json) -> None:
    """For an answer that says nothing but that it was taken."""
    if payload.get("errors"):
        raise AnswerUnreadable("errors is of no known form")


def checked_reference(reference: str) -> str:
    """A reference that can be Amazon's order id: 1 to 40 visible characters.

    Raises:
        ProviderRefused: it cannot.
    """
    if not _REFERENCE.fullmatch(reference):
        raise ProviderRefused("Amazon takes order ids of 1 to 40 visible characters", code="REFERENCE")
    return reference


def _path(reference: str) -> str:
    return f"{BASE}/orders/{quote(checked_reference(reference), safe='')}"
