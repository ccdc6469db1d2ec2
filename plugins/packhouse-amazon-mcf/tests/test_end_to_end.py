"""Orders that Amazon sends, from placing to the door, on a running house against an account that remembers its orders."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from packhouse.testing.factories import make_location, make_order, make_stock, make_variant
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse_amazon_mcf import AmazonMcfSettings, Plugin

_PATIENCE = 60.0
ORDER = """
query ($number: String!) {
  orders(first: 1, filter: { number: $number }) {
    nodes: edges { node {
      id status phase cancelRequestedAt holds { reason note releasedAt }
      fulfillmentOrders { id status requestStatus location { code } }
      shipments { status carrier trackingNumber lines { quantity } }
    } }
  }
}
"""
CANCEL = "mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { code message } } }"
STOCK = """
query { stockLevels(filter: { sku: "MUG" }) { edges { node { onHand allocated availableToPromise location { code } } } } }
"""


class Shop:
    """The house as its people see it."""

    def __init__(self, http: aiohttp.ClientSession, server: RunningServer) -> None:
        self._http = http
        self._server = server
        self.database = server.house.database
        self.number = ""

    async def ask(self, document: str, **variables: Any) -> Any:
        payload = {"query": document, "variables": variables}
        async with self._http.post(self._server.graphql, json=payload, headers=self._server.headers) as response:
            answer = await response.json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def order(self) -> Any:
        """The order that was placed last."""
        (found,) = (await self.ask(ORDER, number=self.number))["orders"]["nodes"]
        return found["node"]

    async def place(self, units: int = 2) -> None:
        self.number = (await make_order(self.database, {"MUG": units})).number

    async def cancel(self) -> None:
        given = {"orderId": (await self.order())["id"], "reason": "changed their mind"}
        assert (await self.ask(CANCEL, input=given))["cancelOrder"] == {"userErrors": []}

    async def until(self, holds: Callable[[Any], bool]) -> Any:
        """The order once something holds of it."""
        return await _once(self.order, holds)


def is_at(request_status: str) -> Callable[[Any], bool]:
    return lambda order: order["fulfillmentOrders"][0]["requestStatus"] == request_status


@pytest.fixture
async def shop(
    database_url: str,
    account: Any,
    amazon_http: aiohttp.ClientSession,
    amazon_settings_for: Callable[..., AmazonMcfSettings],
) -> AsyncIterator[Shop]:
    """A house with ten mugs at a location of Amazon, which it asks often; once on SQLite and once on PostgreSQL."""
    chosen = amazon_settings_for(account.url, stock_lag=0, rate_factor=1000)
    table = chosen.model_dump(mode="json") | {"client_secret": "planted-secret", "refresh_token": "planted-refresh"}
    settings = server_settings(database_url)
    settings = settings.model_copy(
        update={
            "plugins": settings.plugins.model_copy(update={"settings": {"amazon-mcf": table}}),
            "shipping": settings.shipping.model_copy(update={"tracking_poll_seconds": 0.2}),
            "fulfillment": settings.fulfillment.model_copy(update={"stock_seconds": 0.2}),
        }
    )
    account.stock = {"MUG-FBA": 10}
    async with running_server(settings, [Plugin()]) as server:
        shop = Shop(amazon_http, server)
        await make_variant(shop.database)
        await make_stock(shop.database, "MUG", await make_location(shop.database, "fba-uk", network="amazon-mcf"), 10)
        yield shop


def reference(account: Any) -> str:
    """The one order that Amazon has."""
    (only,) = account.orders
    return str(only)


async def test_an_order_is_sent_by_amazon_and_arrives(shop: Shop, account: Any) -> None:
    await shop.place()
    await shop.until(is_at("ACCEPTED"))
    sent = account.orders[reference(account)]
    assert [line["product"]["productIdentifier"]["amazonSku"] for line in sent["lineItems"]] == ["MUG-FBA"]
    assert sent["destination"]["deliveryAddress"]["postalCode"] == "SW1A 1AA"

    account.ship(reference(account))
    shipped = await shop.until(lambda order: bool(order["shipments"]))
    assert shipped["shipments"] == [
        {"status": "HANDED_OVER", "carrier": "amzl", "trackingNumber": "TBA1", "lines": [{"quantity": 2}]}
    ]
    account.ship(reference(account), "DELIVERED")
    delivered = await shop.until(lambda order: order["status"] == "COMPLETED")
    assert (delivered["phase"], delivered["fulfillmentOrders"][0]["requestStatus"]) == ("DELIVERED", "CLOSED")


async def test_an_order_whose_answer_was_lost_is_at_amazon_once(shop: Shop, account: Any) -> None:
    account.lost = ["POST"]
    await shop.place()
    await shop.until(is_at("ACCEPTED"))
    created = [request for request in account.requests if request.method == "POST" and "token" not in request.path]
    assert len(account.orders) == len(created) == 1


async def test_a_cancelled_order_ends_when_amazon_agrees(shop: Shop, account: Any) -> None:
    account.cancels = "asked"
    await shop.place()
    await shop.until(is_at("ACCEPTED"))
    await shop.cancel()
    waiting = await shop.until(lambda _: any(request.path.endswith("/cancel") for request in account.requests))
    assert (waiting["status"], waiting["fulfillmentOrders"][0]["requestStatus"]) == (
        "CONFIRMED",
        "CANCELLATION_REQUESTED",
    )
    assert waiting["cancelRequestedAt"] is not None

    account.orders[reference(account)]["status"] = "CANCELLED"
    ended = await shop.until(lambda order: order["status"] == "CANCELLED")
    assert ended["fulfillmentOrders"][0]["requestStatus"] == "CANCELLATION_ACCEPTED"
    assert len(ended["fulfillmentOrders"]) == 1


async def test_an_order_that_amazon_does_not_give_back_goes_on(shop: Shop, account: Any) -> None:
    account.cancels = "refused"
    await shop.place()
    await shop.until(is_at("ACCEPTED"))
    await shop.cancel()
    going = await shop.until(
        # each part is read by itself: all of them have to say so
        lambda order: (
            is_at("CANCELLATION_REJECTED")(order)
            and order["cancelRequestedAt"] is None
            and {hold["reason"] for hold in order["holds"] if hold["releasedAt"] is None} == {"REVIEW"}
        )
    )
    assert going["status"] == "CONFIRMED"
    (review,) = [hold for hold in going["holds"] if hold["releasedAt"] is None]
    assert "It is being packed." in review["note"]

    account.ship(reference(account))
    assert (await shop.until(lambda order: bool(order["shipments"])))["fulfillmentOrders"][0]["status"] == "CLOSED"


async def test_the_stock_is_amazons_own_count(shop: Shop, account: Any) -> None:
    await shop.place(3)
    await shop.until(is_at("ACCEPTED"))
    # Amazon keeps three of its ten for the order, and has sold two more
    account.stock = {"MUG-FBA": 5, "UNHEARD-OF": 1}

    wanted = {"onHand": 8, "allocated": 3, "availableToPromise": 5, "location": {"code": "fba-uk"}}

    async def levels() -> Any:
        return (await shop.ask(STOCK))["stockLevels"]["edges"]

    assert await _once(levels, lambda found: found == [{"node": wanted}])


async def _once(read: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool]) -> Any:
    """What is read, once something holds of it."""
    found: Any = None
    try:
        async with asyncio.timeout(_PATIENCE):
            while not holds(found := await read()):  # noqa: ASYNC110  (a house over HTTP sets no event)
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"it never came so far: {found}")
    return found
