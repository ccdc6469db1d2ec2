"""Stock: FBA Inventory v1, GET /fba/inventory/v1/summaries (getInventorySummaries), all of a marketplace, page by page.

| Amazon | Packhouse |
| --- | --- |
| fulfillable | available: may be given to new work |
| unfulfillable (damaged, defective, expired) | damaged |
| researching, being moved between centres, in processing | quarantined: there, and not to be promised now |
| reserved for customers' orders | nothing: ours are our own claims, the others are sold on Amazon |
| inbound | nothing: it is not there yet |
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from packhouse.sdk import AnswerUnreadable, NetworkStock, NetworkStockPage, ProviderRefused
from packhouse_amazon_mcf.client import Call
from packhouse_amazon_mcf.mapping import Json, count, section, several, text
from packhouse_amazon_mcf.settings import AmazonMcfSettings

_PATH = "/fba/inventory/v1/summaries"
_LONGEST_TOKEN = 10_000


def build_summaries(location: str, cursor: str | None, settings: AmazonMcfSettings) -> Call:
    """Ask for a page of a location's stock. A cursor lives for 30 seconds at Amazon.

    Raises:
        ProviderRefused: the settings do not say which marketplace the location is.
    """
    marketplace = settings.location(location).marketplace_id
    if not marketplace:
        raise ProviderRefused(
            f"location {location} has no marketplace_id in [plugins.settings.amazon-mcf.locations]",
            code="NO_MARKETPLACE",
        )
    query = {
        "details": "true",
        "granularityType": "Marketplace",
        "granularityId": marketplace,
        "marketplaceIds": marketplace,
    }
    if cursor is not None:
        query["nextToken"] = cursor
    return Call("getInventorySummaries", "GET", _PATH, query=query)


def read_summaries(payload: Json, asked_at: datetime, settings: AmazonMcfSettings) -> NetworkStockPage:
    """The stock of a page by our SKUs. Entries of one SKU are added up; one that cannot be read is named.

    Raises:
        AnswerUnreadable: the answer holds no summaries.
    """
    found = section(payload, "payload").get("inventorySummaries")
    if not isinstance(found, list):
        raise AnswerUnreadable("payload.inventorySummaries is missing")
    own = settings.own_skus()
    levels: dict[str, NetworkStock] = {}
    unreadable: list[tuple[str, str]] = []
    for summary in several(found):
        sku = text(summary, "sellerSku")
        level = _level(own.get(sku, sku), section(summary, "inventoryDetails"))
        if not sku or isinstance(level, str):
            unreadable.append((own.get(sku, sku), level if isinstance(level, str) else "an entry without sellerSku"))
        else:
            levels[level.sku] = _added(levels.get(level.sku), level)
    cursor = text(section(payload, "pagination"), "nextToken", _LONGEST_TOKEN) or None
    as_of = asked_at - timedelta(seconds=settings.stock_lag)
    return NetworkStockPage(tuple(levels.values()), as_of, cursor, tuple(unreadable))


def _level(sku: str, details: Mapping[str, object]) -> NetworkStock | str:
    """The stock of an entry, or why there is none."""
    reserved, unfulfillable = section(details, "reservedQuantity"), section(details, "unfulfillableQuantity")
    researching = section(details, "researchingQuantity")
    available = count(details, "fulfillableQuantity")
    if available is None:
        return "Amazon says no fulfillableQuantity"
    apart = (
        _units(researching, "totalResearchingQuantity"),
        _units(reserved, "pendingTransshipmentQuantity"),
        _units(reserved, "fcProcessingQuantity"),
    )
    return NetworkStock(
        sku,
        available,
        damaged=_units(unfulfillable, "totalUnfulfillableQuantity"),
        quarantined=sum(apart),
    )


def _units(node: Json, name: str) -> int:
    return count(node, name) or 0


def _added(known: NetworkStock | None, more: NetworkStock) -> NetworkStock:
    if known is None:
        return more
    return NetworkStock(
        more.sku,
        known.available + more.available,
        known.damaged + more.damaged,
        known.quarantined + more.quarantined,
    )
