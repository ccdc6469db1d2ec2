"""What Amazon would make of an order: Fulfillment Outbound 2026-07-04, POST /previews (getOrderPreview)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from packhouse.sdk import (
    AnswerUnreadable,
    FulfillmentOffer,
    FulfillmentPreview,
    FulfillmentRequest,
    Money,
    ProviderRefused,
)
from packhouse_amazon_mcf.client import Call
from packhouse_amazon_mcf.mapping import Json, moment, money, required, section, several, text, units
from packhouse_amazon_mcf.orders import BASE, destination, line_json, origin
from packhouse_amazon_mcf.settings import AmazonMcfSettings
from packhouse_amazon_mcf.units import TIERS

# These Amazon offers everywhere; PRIORITY is asked for only where an order wants it.
_EVERYWHERE = ("STANDARD", "EXPEDITED")
_CHANNEL_CHARACTERS = 40


def build_preview(request: FulfillmentRequest, settings: AmazonMcfSettings) -> Call:
    """Ask how Amazon would send an order, how fast, and for how much.

    Raises:
        ProviderRefused: the address cannot be written as Amazon asks, or there is nothing to send.
    """
    if not request.items:
        raise ProviderRefused(f"order {request.reference} has nothing to send", code="NOTHING_TO_SEND")
    tiers = [*_EVERYWHERE, *({TIERS[request.speed]} - set(_EVERYWHERE))]
    configuration: Json = {"serviceLevel": {"serviceTiers": tiers}}
    if settings.packaging:
        configuration["services"] = {"packaging": {"packagingOption": settings.packaging}}
    body: Json = {
        "fulfillmentConfiguration": configuration,
        "destination": {"deliveryAddress": destination(request, settings)},
        "lineItems": [line_json(item, settings) for item in request.items],
    }
    if request.channel:
        body["channel"] = request.channel[:_CHANNEL_CHARACTERS]
    return Call("getOrderPreview", "POST", f"{BASE}/previews", body | origin(request, settings))


def read_preview(payload: Json, wanted: Mapping[str, int]) -> FulfillmentPreview:
    """One offer a tier that every planned shipment can have, the cheapest first, prices added up.

    `wanted` are units by Amazon's SKU: where the shipments do not cover them there is no offer.

    Raises:
        AnswerUnreadable: the answer holds no planned shipments, or an item without SKU or units.
    """
    if "plannedShipments" not in payload:
        raise AnswerUnreadable("plannedShipments is missing")
    shipments = several(payload["plannedShipments"])
    planned: Counter[str] = Counter()
    for shipment in shipments:
        for item in several(shipment.get("items")):
            planned[required(section(item, "productIdentifier"), "amazonSku")] += units(item)
    problems = [text(each, "message") or text(each, "code") for each in several(payload.get("constraints"))]
    short = [f"only {planned[sku]} of {count} units of {sku}" for sku, count in wanted.items() if planned[sku] < count]
    offers = [] if short or not shipments else _offers(shipments)
    return FulfillmentPreview(tuple(offers), tuple(each for each in (*problems, *short) if each))


def _offers(shipments: Sequence[Json]) -> list[FulfillmentOffer]:
    """The tiers that all shipments have in common."""
    by_tier = [
        {_tier(offer): offer for offer in several(shipment.get("offers")) if _tier(offer)} for shipment in shipments
    ]
    common = [tier for tier in by_tier[0] if all(tier in each for each in by_tier)]
    offers = [_offer(tier, [each[tier] for each in by_tier]) for tier in common]
    return sorted(offers, key=lambda each: (each.price is None, each.price.amount if each.price else 0, each.speed))


def _tier(offer: Json) -> str:
    return text(section(offer, "fulfillmentConfiguration", "serviceLevel"), "serviceTier", 32)


def _offer(tier: str, parts: Sequence[Json]) -> FulfillmentOffer:
    levels = [section(part, "fulfillmentConfiguration", "serviceLevel") for part in parts]
    ships = [moment(section(level, "shipInterval"), "endTime") for level in levels]
    begins = [moment(section(level, "deliveryInterval"), "startTime") for level in levels]
    ends = [moment(section(level, "deliveryInterval"), "endTime") for level in levels]
    return FulfillmentOffer(
        speed=tier,
        price=_sum([money(section(part, "estimatedPrice", "totalPrice")) for part in parts]),
        ship_by=_latest(ships),
        deliver_from=_latest(begins),
        deliver_by=_latest(ends),
    )


def _latest(moments: Sequence[datetime | None]) -> datetime | None:
    """When all of it is so; None where Amazon does not say it of a part."""
    known = [each for each in moments if each is not None]
    return max(known) if len(known) == len(moments) else None


def _sum(prices: Sequence[Money | None]) -> Money | None:
    known = [each for each in prices if each is not None]
    if len(known) < len(prices) or len({each.currency for each in known}) != 1:
        return None
    total = known[0]
    for each in known[1:]:
        total += each
    return total
