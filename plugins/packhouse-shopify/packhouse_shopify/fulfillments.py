"""Tells Shopify what was shipped: fulfilments of its fulfillment orders, each made once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from packhouse.sdk import ProviderInDoubt, ProviderRefused, ShipmentNotice
from packhouse_shopify.client import AdminClient, Json, document
from packhouse_shopify.connections import all_of, nodes_of, rest_of
from packhouse_shopify.fields import gid_tail

# `fulfillments` is a plain list without a cursor.
MOST_FULFILLMENTS = 100
_LIVE = {"OPEN", "PENDING", "SUCCESS"}
_WORKABLE = {"OPEN", "IN_PROGRESS"}
# Names that Shopify knows and makes tracking links for (FulfillmentTrackingInput.company).
_COMPANIES = {
    "dhl": "DHL Express",
    "dpd": "DPD",
    "evri": "Evri",
    "fedex": "FedEx",
    "royal_mail": "Royal Mail",
    "ups": "UPS",
    "usps": "USPS",
}


@dataclass(slots=True)
class Batch:
    """What one `fulfillmentCreate` covers: units of fulfillment orders at one location, by id of their lines."""

    units: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, fulfillment_order: str, line: str, quantity: int) -> None:
        """Takes units of a line in."""
        self.units.setdefault(fulfillment_order, {})[line] = quantity

    def as_input(self) -> list[dict[str, object]]:
        """The batch as `FulfillmentInput.lineItemsByFulfillmentOrder`."""
        return [
            {
                "fulfillmentOrderId": order,
                "fulfillmentOrderLineItems": [{"id": line, "quantity": units} for line, units in lines.items()],
            }
            for order, lines in self.units.items()
        ]


class ShipmentPusher:
    """Makes fulfilments of one shop."""

    def __init__(self, client: AdminClient, *, notify_customer: bool) -> None:
        self._client = client
        self._notify_customer = notify_customer

    async def push(self, notice: ShipmentNotice) -> str:
        """The ids of the fulfilments that hold the shipment, joined by commas (one, unless several locations sent it).

        What an earlier call made is found by its tracking number and not made again.

        Raises:
            ProviderRefused: the order is not there, or has not so many units left to ship.
            ProviderInDoubt: the answer to a fulfilment did not come; calling again looks first.
        """
        order_id = _order_gid(notice)
        missing, made = await self._still_missing(order_id, notice)
        if missing:
            for batch in _batches(missing, await self._open_orders(order_id), notice):
                made.append(await self._create(batch, notice))
        return ",".join(made)

    async def _still_missing(self, order_id: str, notice: ShipmentNotice) -> tuple[Counter[str], list[str]]:
        """Units by line that no fulfilment of this shipment has yet, and the fulfilments that it has."""
        wanted = Counter({line: units for line, units in notice.lines.items() if units > 0})
        made: list[str] = []
        if not wanted:
            raise ProviderRefused(f"the shipment of order {notice.external_order_id} has no units")
        for fulfillment in await self._fulfillments(order_id):
            if not _may_be(fulfillment, notice):
                continue
            units = await self._units(str(fulfillment.get("id")))
            # Without a tracking number, only the very same units after the shipment left are taken for it.
            if notice.tracking_number or units == wanted:
                wanted = wanted - units
                made.append(_tail(fulfillment.get("id")))
            if not wanted:
                break
        return wanted, made

    async def _fulfillments(self, order_id: str) -> list[Json]:
        answer = await self._client.read(
            document("order_fulfillments"), {"id": order_id, "first": MOST_FULFILLMENTS + 1}
        )
        order = answer.data.get("order")
        if not isinstance(order, Mapping):
            raise ProviderRefused(f"Shopify has no order {_tail(order_id)}")
        found = order.get("fulfillments")
        found = found if isinstance(found, list) else []
        if len(found) > MOST_FULFILLMENTS:
            raise ProviderRefused(f"order {_tail(order_id)} has more than {MOST_FULFILLMENTS} fulfilments")
        return [fulfillment for fulfillment in found if isinstance(fulfillment, Mapping)]

    async def _units(self, fulfillment_id: str) -> Counter[str]:
        path = ("fulfillment", "fulfillmentLineItems")
        answer = await self._client.read(document("fulfillment_lines"), {"id": fulfillment_id, "after": None})
        fulfillment = answer.data.get("fulfillment")
        if not isinstance(fulfillment, Mapping):
            return Counter()
        nodes, cursor = nodes_of(fulfillment.get(path[1]))
        if cursor:
            nodes += await rest_of(self._client, document("fulfillment_lines"), fulfillment_id, path, cursor)
        units: Counter[str] = Counter()
        for node in nodes:
            units[_line_id(node)] += _quantity(node.get("quantity"))
        return units

    async def _open_orders(self, order_id: str) -> list[Json]:
        """The order's fulfillment orders with all their lines."""
        answer = await self._client.read(document("fulfillment_orders"), {"id": order_id, "after": None})
        order = answer.data.get("order")
        if not isinstance(order, Mapping):
            raise ProviderRefused(f"Shopify has no order {_tail(order_id)}")
        path = ("order", "fulfillmentOrders")
        found, cursor = nodes_of(order.get(path[1]))
        if cursor:
            found += await rest_of(self._client, document("fulfillment_orders"), order_id, path, cursor)
        text = document("fulfillment_order_lines")
        return [
            {**item, "lines": await all_of(self._client, text, item, ("fulfillmentOrder", "lineItems"))}
            for item in found
        ]

    async def _create(self, batch: Batch, notice: ShipmentNotice) -> str:
        fulfillment = {
            "lineItemsByFulfillmentOrder": batch.as_input(),
            "notifyCustomer": self._notify_customer,
            "trackingInfo": _tracking(notice),
        }
        answer = await self._client.write(document("fulfillment_create"), {"fulfillment": fulfillment})
        payload = answer.data.get("fulfillmentCreate")
        payload = payload if isinstance(payload, Mapping) else {}
        errors = payload.get("userErrors")
        if errors:
            raise ProviderRefused(self._client.safe(f"order {notice.external_order_id}: {_words(errors)}"))
        created = payload.get("fulfillment")
        if not isinstance(created, Mapping) or not _tail(created.get("id")):
            raise ProviderInDoubt(f"Shopify did not say whether order {notice.external_order_id} was fulfilled")
        return _tail(created.get("id"))


def _order_gid(notice: ShipmentNotice) -> str:
    gid = f"gid://shopify/Order/{notice.external_order_id}"
    if not gid_tail(gid, "Order"):
        raise ProviderRefused(f"{notice.external_order_id!r} is not an order id of Shopify")
    return gid


def _may_be(fulfillment: Json, notice: ShipmentNotice) -> bool:
    """Whether a fulfilment may be this shipment: by its tracking number, or by its time where there is none."""
    if str(fulfillment.get("status")) not in _LIVE:
        return False
    infos = fulfillment.get("trackingInfo")
    infos = infos if isinstance(infos, list) else []
    numbers = {info["number"] for info in infos if isinstance(info, Mapping) and info.get("number")}
    if notice.tracking_number:
        return notice.tracking_number in numbers
    try:
        made_at = datetime.fromisoformat(str(fulfillment.get("createdAt")))
    except ValueError:
        return False
    return not numbers and made_at.tzinfo is not None and made_at >= notice.shipped_at


def _batches(missing: Counter[str], orders: list[Json], notice: ShipmentNotice) -> list[Batch]:
    """Shares the units out over fulfillment orders: one batch a location, as `fulfillmentCreate` asks for."""
    batches: dict[str, Batch] = {}
    left = Counter(missing)
    for order in orders:
        if str(order.get("status")) not in _WORKABLE:
            continue
        lines = order["lines"]
        for line in lines if isinstance(lines, list) else []:
            line_id = _line_id(line)
            units = min(left[line_id], _quantity(line.get("remainingQuantity")))
            if units > 0:
                batches.setdefault(_location(order), Batch()).add(str(order.get("id")), str(line.get("id")), units)
                left[line_id] -= units
    short = {line: units for line, units in left.items() if units > 0}
    if short:
        held = sorted({str(order.get("status")) for order in orders} - _WORKABLE)
        where = f" (other fulfillment orders are {', '.join(held)})" if held else ""
        lines_short = ", ".join(f"{units} of line {line}" for line, units in short.items())
        raise ProviderRefused(f"order {notice.external_order_id} has not so much left to ship: {lines_short}{where}")
    return list(batches.values())


def _location(order: Json) -> str:
    assigned = order.get("assignedLocation")
    assigned = assigned if isinstance(assigned, Mapping) else {}
    location = assigned.get("location")
    return str(location.get("id") if isinstance(location, Mapping) else assigned.get("name"))


def _tracking(notice: ShipmentNotice) -> dict[str, str]:
    tracking = {
        "company": _COMPANIES.get(notice.carrier.lower(), notice.carrier),
        "number": notice.tracking_number,
        "url": notice.tracking_url,
    }
    return {key: value for key, value in tracking.items() if value}


def _words(errors: object) -> str:
    found = errors if isinstance(errors, list) else [errors]
    return "; ".join(str(error.get("message") if isinstance(error, Mapping) else error) for error in found)


def _line_id(node: Json) -> str:
    item = node.get("lineItem")
    return gid_tail(item.get("id"), "LineItem") if isinstance(item, Mapping) else ""


def _quantity(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _tail(gid: object) -> str:
    return str(gid or "").rsplit("/", 1)[-1].split("?", 1)[0]
