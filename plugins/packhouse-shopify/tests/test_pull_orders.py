from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    PullsOrders,
)
from packhouse_shopify import ShopifyChannel
from packhouse_shopify.mapping import read_order

Load = Callable[[str], Any]
SINCE = datetime(2026, 11, 22, 11, 30, 15, 999, tzinfo=timezone(timedelta(hours=1)))
LAST_PAGE = {"hasNextPage": False, "endCursor": None}


def page(*nodes: Any, following: str | None = None, cost: dict[str, Any] | None = None) -> dict[str, Any]:
    info = {"hasNextPage": following is not None, "endCursor": following}
    return {"data": {"orders": {"pageInfo": info, "nodes": list(nodes)}}, "extensions": {"cost": cost or {}}}


def cost(requested: int, available: int) -> dict[str, Any]:
    return {
        "requestedQueryCost": requested,
        "throttleStatus": {"maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": 100.0},
    }


def throttled(requested: int, available: int) -> dict[str, Any]:
    return {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": cost(requested, available)},
    }


@pytest.fixture
def one_order(admin: Any, load: Load) -> dict[str, Any]:
    """The sample order with its second page of lines, its refund, and the refund's second page."""
    rest, node = load("order_node_rest"), load("order_node")
    admin.on("OrderLines", {"order": {"lineItems": rest["lines"]}})
    admin.on("OrderRefunds", {"order": {"refunds": rest["refunds"]}})
    admin.on("RefundLines", {"refund": {"refundLineItems": rest["refund_lines"]}})
    assert isinstance(node, dict)
    return node


async def test_a_pulled_order_equals_its_webhook(
    admin: Any, channel: ShopifyChannel, one_order: dict[str, Any], load: Load
) -> None:
    admin.on("OrdersPage", page(one_order))
    pulled = await channel.pull_orders(SINCE, None)
    assert pulled.orders == (read_order(load("order_webhook")),)
    assert (pulled.cursor, pulled.unreadable) == (None, ())
    assert isinstance(channel, PullsOrders)
    assert admin.asked("OrdersPage") == [{"first": 5, "after": None, "query": "updated_at:>='2026-11-22T10:30:15Z'"}]
    assert admin.asked("OrderLines") == [{"id": "gid://shopify/Order/6000000000000000123", "after": "after-mug"}]
    assert admin.asked("RefundLines") == [
        {"id": "gid://shopify/Refund/9000000000000000009", "after": "after-cancelled"}
    ]
    assert admin.tokens == {"shpat-planted-token"}


async def test_pages_go_on_from_the_cursor(admin: Any, channel: ShopifyChannel, one_order: dict[str, Any]) -> None:
    admin.on("OrdersPage", page(one_order, following="c1"), page())
    first = await channel.pull_orders(SINCE, None)
    last = await channel.pull_orders(SINCE, first.cursor)
    assert (first.cursor, last.cursor, last.orders) == ("c1", None, ())
    assert [asked["after"] for asked in admin.asked("OrdersPage")] == [None, "c1"]


async def test_one_bad_order_does_not_block_the_others(
    admin: Any, channel: ShopifyChannel, one_order: dict[str, Any]
) -> None:
    bad = one_order | {"id": "gid://shopify/Order/7", "refunds": []}
    bad["lineItems"] = {"pageInfo": LAST_PAGE, "nodes": [one_order["lineItems"]["nodes"][0] | {"sku": None}]}
    many = one_order | {"id": "gid://shopify/Order/8", "shippingLines": {"pageInfo": {"hasNextPage": True}}}
    admin.on("OrdersPage", page(bad, many, one_order))
    pulled = await channel.pull_orders(SINCE, None)
    assert [order.external_id for order in pulled.orders] == ["6000000000000000123"]
    assert [(entry[0], entry[1]) for entry in pulled.unreadable] == [
        ("7", "line_items.0.sku: line 8000000000000000001 (Mug - Blue) has no SKU"),
        ("8", "the order has more shipping lines than are asked for"),
    ]
    assert '"gid://shopify/Order/7"' in pulled.unreadable[0][2]


async def test_an_order_deleted_meanwhile_and_one_with_too_many_refunds_are_set_aside(
    admin: Any, channel: ShopifyChannel, one_order: dict[str, Any], load: Load
) -> None:
    admin.on("OrdersPage", page(one_order))
    admin.on("OrderLines", {"order": None})
    pulled = await channel.pull_orders(SINCE, None)
    assert [reason for _, reason, _ in pulled.unreadable] == [
        "Shopify no longer has the order gid://shopify/Order/6000000000000000123"
    ]
    admin.on("OrderLines", {"order": {"lineItems": load("order_node_rest")["lines"]}})
    admin.on("OrderRefunds", {"order": {"refunds": load("order_node_rest")["refunds"] * 21}})
    pulled = await channel.pull_orders(SINCE, None)
    assert [reason for _, reason, _ in pulled.unreadable] == ["the order has more than 20 refunds"]


async def test_the_page_size_follows_the_cost(admin: Any, channel: ShopifyChannel) -> None:
    admin.on(
        "OrdersPage",
        page(cost=cost(requested=50, available=1000)),  # 10 points an order: 80 are affordable, 50 the most
        page(cost=cost(requested=500, available=200)),  # 10 points an order, 200 in the bucket
        page(cost=cost(requested=200, available=3)),  # not even one: ask for one all the same
        page(),
    )
    for _ in range(4):
        await channel.pull_orders(SINCE, None)
    assert [asked["first"] for asked in admin.asked("OrdersPage")] == [5, 50, 20, 1]


async def test_throttled_says_how_long_to_wait_and_asks_for_less(admin: Any, channel: ShopifyChannel) -> None:
    admin.on("OrdersPage", throttled(requested=500, available=12), page())
    with pytest.raises(ProviderRateLimited) as caught:
        await channel.pull_orders(SINCE, None)
    assert caught.value.retry_after == pytest.approx(4.88)
    await channel.pull_orders(SINCE, None)
    assert [asked["first"] for asked in admin.asked("OrdersPage")] == [5, 2]


async def test_a_page_above_the_cap_is_asked_for_in_halves(admin: Any, channel: ShopifyChannel) -> None:
    refused = {"errors": [{"message": "too dear", "extensions": {"code": "MAX_COST_EXCEEDED"}}]}
    admin.on("OrdersPage", refused, refused, page(), refused)
    await channel.pull_orders(SINCE, None)
    assert [asked["first"] for asked in admin.asked("OrdersPage")] == [5, 2, 1]
    with pytest.raises(ProviderRefused, match="too dear"):
        await channel.pull_orders(SINCE, None)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((401, {}, '{"errors": "[API] Invalid API key or access token"}'), ProviderAuthFailed),
        ((403, {}, ""), ProviderAuthFailed),
        ((402, {}, ""), ProviderRefused),
        ((404, {}, ""), ProviderRefused),
        ((302, {"Location": "https://elsewhere.example"}, ""), ProviderRefused),
        ((429, {"Retry-After": "7.5"}, ""), ProviderRateLimited),
        ((429, {"Retry-After": "nan"}, ""), ProviderRateLimited),
        ((500, {}, ""), ProviderUnavailable),
        ((502, {}, "<html>"), ProviderUnavailable),
        ((200, {}, "<html>"), ProviderUnavailable),
        ((200, {}, '{"data": {"orders"'), ProviderUnavailable),
        ((200, {}, "[]"), ProviderUnavailable),
        ((200, {}, '{"data": null}'), ProviderUnavailable),
        ("drop", ProviderUnavailable),
        ({"errors": [{"message": "no", "extensions": {"code": "ACCESS_DENIED"}}]}, ProviderAuthFailed),
        ({"errors": [{"message": "oh", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}, ProviderUnavailable),
        ({"errors": [{"message": "Field 'x' doesn't exist"}]}, ProviderRefused),
        ({"errors": "Not Found"}, ProviderRefused),
    ],
)
async def test_each_failure_has_its_kind(
    admin: Any, channel: ShopifyChannel, answer: Any, error: type[Exception]
) -> None:
    admin.on("OrdersPage", answer)
    with pytest.raises(error) as caught:
        await channel.pull_orders(SINCE, None)
    assert type(caught.value) is error
    if isinstance(caught.value, ProviderRateLimited):
        assert caught.value.retry_after in {7.5, 2.0}


async def test_a_shop_that_cannot_be_reached_is_unavailable(make_channel: Callable[..., ShopifyChannel]) -> None:
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        await make_channel("http://127.0.0.1:9").pull_orders(datetime.now(UTC), None)
