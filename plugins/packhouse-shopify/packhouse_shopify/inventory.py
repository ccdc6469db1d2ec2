"""Tells Shopify how many units are available at one of its locations (`inventorySetQuantities`), and reads what it shows.

Each push reads first: a number that is shown already is not set again, and one that is set is compared with what was read, so that
of two changes at once the later one is not lost.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packhouse.sdk import (
    ListedStock,
    ProviderInDoubt,
    ProviderRefused,
    ProviderUnavailable,
    PushedStock,
    ShownStock,
    StockPush,
)
from packhouse_shopify.client import AdminClient, Json, document
from packhouse_shopify.connections import nodes_of
from packhouse_shopify.fields import gid_tail

# A part of the 1,000 points that one query may cost.
_READ_AT_ONCE = 50
_SEARCHED_AT_ONCE = 20
_MOST_PAGES = 20
# Some items are refused, others changed meanwhile: each round sets fewer, or knows more.
_ROUNDS = 4
_STALE = {"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"}
_OTHER_KEY = {"IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"}
_BUSY = {"IDEMPOTENCY_CONCURRENT_REQUEST"}


@dataclass(frozen=True, slots=True)
class Found:
    """An inventory item of Shopify: what is available of it at the location, or why that cannot be set."""

    gid: str = ""
    available: int = 0
    problem: str = ""


class StockKeeper:
    """Sets and reads quantities at one location of one shop."""

    def __init__(self, client: AdminClient, location: str) -> None:
        self._client = client
        self._location = f"gid://shopify/Location/{location}"

    async def push(self, push: StockPush) -> list[PushedStock]:
        """Set the numbers that Shopify does not show yet; each item's outcome, in their order.

        Raises:
            ProviderInDoubt: the answer did not come; calling again reads first.
            ProviderError: of the other kinds when nothing was set.
        """
        problems: dict[str, str] = {}
        found: Mapping[str, Found] = {}
        for turn in range(_ROUNDS):
            found = await self._find(push.items)
            missing = [
                item
                for item in push.items
                if item.channel_sku not in problems
                and not found[item.channel_sku].problem
                and found[item.channel_sku].available != item.quantity
            ]
            if not missing:
                break
            errors = await self._set(missing, found, f"{push.idempotency_key}:{turn}")
            if not errors:
                break
            # Shopify has set none of them
            problems |= self._problems(missing, errors, is_last=turn == _ROUNDS - 1)
        return [_outcome(item, found[item.channel_sku], problems.get(item.channel_sku, "")) for item in push.items]

    async def shown(self, items: Sequence[ListedStock]) -> list[ShownStock]:
        """What Shopify shows of items; those that it does not have are left out.

        Raises:
            ProviderError: it could not be read.
        """
        found = await self._find(items)
        return [
            ShownStock(item.channel_sku, found[item.channel_sku].available)
            for item in items
            if not found[item.channel_sku].problem
        ]

    async def _set(self, items: Sequence[ListedStock], found: Mapping[str, Found], key: str) -> list[object]:
        """Set numbers; what Shopify has against it."""
        quantities = [
            {
                "inventoryItemId": found[item.channel_sku].gid,
                "locationId": self._location,
                "quantity": item.quantity,
                "changeFromQuantity": found[item.channel_sku].available,
            }
            for item in items
        ]
        own_key = hashlib.sha256(f"{key} {quantities}".encode()).hexdigest()[:32]
        variables = {
            "input": {
                "name": "available",
                "reason": "correction",
                "referenceDocumentUri": f"gid://packhouse/StockPush/{own_key}",
                "quantities": quantities,
            },
            "key": own_key,
        }
        answer = await self._client.write(document("inventory_set"), variables)
        payload = answer.data.get("inventorySetQuantities")
        errors = payload.get("userErrors") if isinstance(payload, Mapping) else None
        if not isinstance(errors, list):
            raise ProviderInDoubt("Shopify did not say whether the quantities were set")
        return errors

    def _problems(self, items: Sequence[ListedStock], errors: Sequence[object], *, is_last: bool) -> dict[str, str]:
        """What is wrong with which item for good; what passes is left out, but in the last round."""
        problems: dict[str, str] = {}
        for error in errors:
            told = error if isinstance(error, Mapping) else {}
            words = self._client.safe(str(told.get("message", error)))
            code, item = str(told.get("code", "")), _item_of(told.get("field"), items)
            if code in _BUSY:
                raise ProviderUnavailable(words, code=code)
            if code in _STALE | _OTHER_KEY and not is_last:
                continue  # read and set again, by another key
            if item is None:
                raise ProviderRefused(words, code=code)
            problems[item.channel_sku] = words
        return problems

    async def _find(self, items: Sequence[ListedStock]) -> Mapping[str, Found]:
        """Every item by its SKU: by its id where it is known and still has this SKU, else by searching."""
        nodes: dict[str, list[Json]] = defaultdict(list)
        known = [item for item in items if item.external_id]
        for start in range(0, len(known), _READ_AT_ONCE):
            for node in await self._by_id(known[start : start + _READ_AT_ONCE]):
                nodes[str(node.get("sku"))].append(node)
        unknown = [item.channel_sku for item in items if item.channel_sku not in nodes]
        for start in range(0, len(unknown), _SEARCHED_AT_ONCE):
            wanted = unknown[start : start + _SEARCHED_AT_ONCE]
            for node in await self._by_sku(wanted):
                # a search finds parts of words and other cases, too
                if node.get("sku") in wanted:
                    nodes[str(node.get("sku"))].append(node)
        return {item.channel_sku: self._read(item.channel_sku, nodes.get(item.channel_sku, [])) for item in items}

    async def _by_id(self, items: Sequence[ListedStock]) -> list[Json]:
        ids = [f"gid://shopify/InventoryItem/{item.external_id}" for item in items]
        answer = await self._client.read(document("inventory_by_id"), {"ids": ids, "location": self._location})
        nodes = answer.data.get("nodes")
        if not isinstance(nodes, list):
            raise ProviderUnavailable("Shopify's answer lacks the inventory items")
        return [node for node in nodes if isinstance(node, Mapping) and node.get("id")]

    async def _by_sku(self, skus: Sequence[str]) -> list[Json]:
        query = " OR ".join(f"sku:{_quoted(sku)}" for sku in skus)
        found: list[Json] = []
        after: str | None = None
        for _ in range(_MOST_PAGES):
            variables = {"query": query, "location": self._location, "after": after}
            answer = await self._client.read(document("inventory_by_sku"), variables)
            nodes, after = nodes_of(answer.data.get("inventoryItems"))
            found += nodes
            if after is None:
                return found
        raise ProviderRefused(f"Shopify finds more than {_MOST_PAGES} pages of items for {len(skus)} SKUs")

    def _read(self, sku: str, nodes: Sequence[Json]) -> Found:
        if len(nodes) != 1:
            count = "no inventory item" if not nodes else f"{len(nodes)} inventory items"
            return Found(problem=f"Shopify has {count} with SKU {sku}")
        [node] = nodes
        gid, level = str(node.get("id")), node.get("inventoryLevel")
        if not gid_tail(gid, "InventoryItem"):
            raise ProviderUnavailable(f"Shopify's answer lacks the id of the inventory item with SKU {sku}")
        if node.get("tracked") is False:
            return Found(gid, problem=f"Shopify does not track the quantity of {sku}")
        if level is None:
            return Found(
                gid, problem=f"{sku} is not stocked at Shopify's location {gid_tail(self._location, 'Location')}"
            )
        quantities = level.get("quantities") if isinstance(level, Mapping) else None
        for each in quantities if isinstance(quantities, list) else ():
            available = each.get("quantity") if isinstance(each, Mapping) and each.get("name") == "available" else None
            if isinstance(available, int) and not isinstance(available, bool):
                return Found(gid, available)
        raise ProviderUnavailable(f"Shopify's answer lacks the available quantity of {sku}")


def _outcome(item: ListedStock, found: Found, problem: str) -> PushedStock:
    own_id = gid_tail(found.gid, "InventoryItem") if found.gid else ""
    return PushedStock(item.channel_sku, problem or found.problem, own_id)


def _item_of(field: object, items: Sequence[ListedStock]) -> ListedStock | None:
    """The item that an error is about: its place is in the path, as in input.quantities.3.inventoryItemId."""
    path = [str(each) for each in field] if isinstance(field, list) else []
    places = [int(each) for each in path if each.isdecimal()]
    return items[places[0]] if places and places[0] < len(items) else None


def _quoted(sku: str) -> str:
    escaped = sku.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
