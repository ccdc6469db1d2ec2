"""Telling a shop how many units are available, against a stand-in that keeps quantities as Shopify does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from packhouse.sdk import (
    ListedStock,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    PushedStock,
    PushesStock,
    ShownStock,
    ShowsStock,
    StockPush,
)
from packhouse_shopify import ShopifyChannel, ShopifyStockChannel

LOCATION = "gid://shopify/Location/7"


def item_gid(number: int) -> str:
    return f"gid://shopify/InventoryItem/{number}"


@dataclass
class Inventory:
    """Items by number: SKU and what is available at the location (None: not stocked there)."""

    admin: Any
    items: dict[int, tuple[str, int | None]]
    untracked: set[int] = field(default_factory=set)
    keys: dict[str, Any] = field(default_factory=dict)
    sells_meanwhile: dict[int, int] = field(default_factory=dict)
    lose_answers: int = 0

    def __post_init__(self) -> None:
        self.admin.on("InventoryBySku", self.by_sku)
        self.admin.on("InventoryById", self.by_id)
        self.admin.on("InventorySet", self.set)

    def node(self, number: int) -> dict[str, Any]:
        sku, available = self.items[number]
        level = None if available is None else {"quantities": [{"name": "available", "quantity": available}]}
        return {"id": item_gid(number), "sku": sku, "tracked": number not in self.untracked, "inventoryLevel": level}

    def by_sku(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["location"] == LOCATION
        words = asked["query"].casefold()
        found = [self.node(number) for number, (sku, _) in self.items.items() if f'"{sku}"'.casefold() in words]
        return {"inventoryItems": {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": found}}

    def by_id(self, asked: dict[str, Any]) -> dict[str, Any]:
        numbers = [int(gid.rsplit("/", 1)[1]) for gid in asked["ids"]]
        return {"nodes": [self.node(number) if number in self.items else None for number in numbers]}

    def set(self, asked: dict[str, Any]) -> Any:
        given = asked["input"]
        assert self.keys.setdefault(asked["key"], given) == given, "one key for two requests"
        for number, units in self.sells_meanwhile.items():
            sku, available = self.items[number]
            self.items[number] = (sku, (available or 0) - units)
        self.sells_meanwhile = {}
        errors = [
            {
                "code": "CHANGE_FROM_QUANTITY_STALE",
                "field": ["input", "quantities", str(place), "changeFromQuantity"],
                "message": "The changeFromQuantity value does not match persisted value.",
            }
            for place, each in enumerate(given["quantities"])
            if self.items[int(each["inventoryItemId"].rsplit("/", 1)[1])][1] != each["changeFromQuantity"]
        ]
        for each in given["quantities"] if not errors else ():
            number = int(each["inventoryItemId"].rsplit("/", 1)[1])
            self.items[number] = (self.items[number][0], each["quantity"])
        if self.lose_answers:
            self.lose_answers -= 1
            return "drop"
        return {"inventorySetQuantities": {"userErrors": errors}}

    @property
    def shown(self) -> dict[str, int | None]:
        return dict(self.items.values())


@pytest.fixture
def channel(admin: Any, make_channel: Callable[..., ShopifyChannel]) -> ShopifyStockChannel:
    made = make_channel(admin.url, stock_location="7")
    assert isinstance(made, ShopifyStockChannel)
    return made


def push(*items: ListedStock, key: str = "push-1") -> StockPush:
    return StockPush(key, items)


MUG, PLATE = ListedStock("MUG", 5), ListedStock("PLATE", 0)


async def test_a_shop_without_a_stock_location_takes_no_stock(
    admin: Any, channel: ShopifyStockChannel, make_channel: Callable[..., ShopifyChannel]
) -> None:
    assert isinstance(channel, PushesStock)
    assert isinstance(channel, ShowsStock)
    assert not isinstance(make_channel(admin.url), PushesStock)


async def test_numbers_are_set_and_items_are_known_from_then_on(admin: Any, channel: ShopifyStockChannel) -> None:
    shop = Inventory(admin, {1: ("MUG", 9), 2: ("PLATE", 3), 3: ("mug", 8)})
    assert await channel.push_stock(push(MUG, PLATE)) == [
        PushedStock("MUG", external_id="1"),
        PushedStock("PLATE", external_id="2"),
    ]
    assert shop.shown == {"MUG": 5, "PLATE": 0, "mug": 8}
    [sent] = admin.asked("InventorySet")
    assert sent["input"] == {
        "name": "available",
        "reason": "correction",
        "referenceDocumentUri": f"gid://packhouse/StockPush/{sent['key']}",
        "quantities": [
            {"inventoryItemId": item_gid(1), "locationId": LOCATION, "quantity": 5, "changeFromQuantity": 9},
            {"inventoryItemId": item_gid(2), "locationId": LOCATION, "quantity": 0, "changeFromQuantity": 3},
        ],
    }
    await channel.push_stock(push(ListedStock("MUG", 4, "1"), key="push-2"))
    assert shop.shown["MUG"] == 4
    assert len(admin.asked("InventoryBySku")) == 1


async def test_what_is_shown_already_is_not_set_again(admin: Any, channel: ShopifyStockChannel) -> None:
    Inventory(admin, {1: ("MUG", 5), 2: ("PLATE", 0)})
    assert await channel.push_stock(push(MUG, PLATE)) == [
        PushedStock("MUG", external_id="1"),
        PushedStock("PLATE", external_id="2"),
    ]
    assert admin.asked("InventorySet") == []


async def test_a_lost_answer_is_in_doubt_and_pushing_again_finds_it_done(
    admin: Any, channel: ShopifyStockChannel
) -> None:
    shop = Inventory(admin, {1: ("MUG", 9)}, lose_answers=1)
    with pytest.raises(ProviderInDoubt):
        await channel.push_stock(push(MUG))
    assert await channel.push_stock(push(MUG)) == [PushedStock("MUG", external_id="1")]
    assert shop.shown == {"MUG": 5}
    assert len(admin.asked("InventorySet")) == 1


async def test_what_is_sold_meanwhile_is_read_again_before_it_is_set(admin: Any, channel: ShopifyStockChannel) -> None:
    shop = Inventory(admin, {1: ("MUG", 9), 2: ("PLATE", 3)}, sells_meanwhile={1: 2})
    await channel.push_stock(push(MUG, PLATE))
    assert shop.shown == {"MUG": 5, "PLATE": 0}
    first, second = admin.asked("InventorySet")
    assert first["key"] != second["key"]
    assert [each["changeFromQuantity"] for each in second["input"]["quantities"]] == [7, 3]


async def test_each_item_that_cannot_be_set_says_why_and_stops_no_other(
    admin: Any, channel: ShopifyStockChannel
) -> None:
    items = {1: ("MUG", 9), 2: ("TWIN", 1), 3: ("TWIN", 1), 4: ("ELSEWHERE", None), 5: ("LOOSE", 1)}
    shop = Inventory(admin, items, untracked={5})  # type: ignore[arg-type]  # an int where None may be, too
    skus = ("MUG", "TWIN", "ELSEWHERE", "LOOSE", "GONE")
    outcomes = await channel.push_stock(push(*(ListedStock(sku, 5) for sku in skus)))
    assert [each.problem for each in outcomes] == [
        "",
        "Shopify has 2 inventory items with SKU TWIN",
        "ELSEWHERE is not stocked at Shopify's location 7",
        "Shopify does not track the quantity of LOOSE",
        "Shopify has no inventory item with SKU GONE",
    ]
    assert shop.shown["MUG"] == 5


async def test_an_item_that_shopify_refuses_is_left_out_and_the_others_are_set(
    admin: Any, channel: ShopifyStockChannel
) -> None:
    shop = Inventory(admin, {1: ("MUG", 9), 2: ("PLATE", 3)})
    refusal = {
        "code": "NON_MUTABLE_INVENTORY_ITEM",
        "field": ["input", "quantities", "0", "inventoryItemId"],
        "message": "It is a bundle",
    }
    admin.on("InventorySet", {"inventorySetQuantities": {"userErrors": [refusal]}}, shop.set)
    assert await channel.push_stock(push(MUG, PLATE)) == [
        PushedStock("MUG", "It is a bundle", "1"),
        PushedStock("PLATE", external_id="2"),
    ]
    assert shop.shown == {"MUG": 9, "PLATE": 0}


async def test_an_item_that_changed_its_sku_is_looked_for_again(admin: Any, channel: ShopifyStockChannel) -> None:
    shop = Inventory(admin, {1: ("OLD", 2), 4: ("MUG", 9)})
    known = ListedStock("MUG", 5, "1")
    assert await channel.push_stock(push(known)) == [PushedStock("MUG", external_id="4")]
    assert shop.shown == {"OLD": 2, "MUG": 5}


async def test_a_failed_attempt_is_repeated_by_another_key(admin: Any, channel: ShopifyStockChannel) -> None:
    shop = Inventory(admin, {1: ("MUG", 9)})
    failed = {"code": "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "field": None, "message": "Retry with a new key"}
    admin.on("InventorySet", {"inventorySetQuantities": {"userErrors": [failed]}}, shop.set)
    await channel.push_stock(push(MUG))
    assert shop.shown == {"MUG": 5}
    first, second = admin.asked("InventorySet")
    assert first["key"] != second["key"]


async def test_what_always_changes_is_the_items_problem_after_some_rounds(
    admin: Any, channel: ShopifyStockChannel
) -> None:
    Inventory(admin, {1: ("MUG", 9)})
    stale = {"code": "CHANGE_FROM_QUANTITY_STALE", "field": ["input", "quantities", "0"], "message": "It changed"}
    admin.on("InventorySet", {"inventorySetQuantities": {"userErrors": [stale]}})
    assert await channel.push_stock(push(MUG)) == [PushedStock("MUG", "It changed", "1")]
    assert len(admin.asked("InventorySet")) == 4


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"inventorySetQuantities": None}, ProviderInDoubt),
        ({"inventorySetQuantities": {"userErrors": None}}, ProviderInDoubt),
        (
            {"inventorySetQuantities": {"userErrors": [{"code": "INVALID_REASON", "message": "no such reason"}]}},
            ProviderRefused,
        ),
        (
            {"inventorySetQuantities": {"userErrors": [{"code": "IDEMPOTENCY_CONCURRENT_REQUEST", "message": "wait"}]}},
            ProviderUnavailable,
        ),
        ({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}, ProviderRateLimited),
        ((502, {}, "<html>"), ProviderInDoubt),
        ("drop", ProviderInDoubt),
    ],
)
async def test_each_failure_of_setting_has_its_kind(
    admin: Any, channel: ShopifyStockChannel, answer: Any, error: type[Exception]
) -> None:
    Inventory(admin, {1: ("MUG", 9)})
    admin.on("InventorySet", answer)
    with pytest.raises(error) as caught:
        await channel.push_stock(push(MUG))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "answer", [{"inventoryItems": None}, {"inventoryItems": {"nodes": [{"id": "x", "sku": "MUG"}]}}, "drop"]
)
async def test_what_cannot_be_read_is_set_another_time(admin: Any, channel: ShopifyStockChannel, answer: Any) -> None:
    Inventory(admin, {1: ("MUG", 9)})
    admin.on("InventoryBySku", answer)
    with pytest.raises(ProviderUnavailable):
        await channel.push_stock(push(MUG))
    assert admin.asked("InventorySet") == []


async def test_many_items_are_read_in_parts_and_set_at_once(admin: Any, channel: ShopifyStockChannel) -> None:
    shop = Inventory(admin, {number: (f'S"{number}', 1) for number in range(1, 61)})
    items = [ListedStock(f'S"{number}', 2) for number in range(1, 61)]
    admin.on(
        "InventoryBySku",
        lambda asked: shop.by_sku({**asked, "query": asked["query"].replace("\\", "")}),
    )
    outcomes = await channel.push_stock(push(*items))
    assert [each.problem for each in outcomes] == [""] * 60
    assert len(admin.asked("InventoryBySku")) == 3
    await channel.push_stock(push(*(ListedStock(each.channel_sku, 3, each.external_id) for each in outcomes)))
    assert [len(asked["ids"]) for asked in admin.asked("InventoryById")] == [50, 10]
    assert [len(asked["input"]["quantities"]) for asked in admin.asked("InventorySet")] == [60, 60]


async def test_what_is_shown_is_read(admin: Any, channel: ShopifyStockChannel) -> None:
    Inventory(admin, {1: ("MUG", 9), 4: ("ELSEWHERE", None)})
    items = [ListedStock("MUG", 5, "1"), ListedStock("ELSEWHERE", 5), ListedStock("GONE", 5)]
    assert await channel.shown_stock(items) == [ShownStock("MUG", 9)]
