"""The README's documents are run as they stand, its plugin is loaded, and its commands exist."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from packhouse.hooks import PluginHost
from packhouse.sdk import EventType
from packhouse.settings import Settings
from packhouse.testing.server import running_server, server_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def curl_body() -> Any:
    """What the example with curl sends."""
    (block,) = (each for each in blocks("sh") if "curl" in each)
    return json.loads(re.findall(r"-d '(.+)'", block)[0])


def user_errors(answer: Any) -> list[Any]:
    """All user errors anywhere in an answer."""
    if isinstance(answer, dict):
        return [
            error for name, value in answer.items() for error in (value if name == "userErrors" else user_errors(value))
        ]
    return [error for value in answer for error in user_errors(value)] if isinstance(answer, list) else []


def check_placed(answer: Any) -> None:
    """It has its price, and can be sent."""
    order = answer["placeOrder"]["order"]
    assert (order["phase"], order["total"]) == ("READY", {"amount": "25.00", "currency": "GBP"})


def check_waiting(answer: Any) -> None:
    """What was there is allocated, and the rest waits for what was announced."""
    order = answer["placeOrder"]["order"]
    assert (order["phase"], order["lines"]) == ("BACKORDERED", [{"allocated": 16, "backordered": 14}])
    (backorder,) = order["backorders"]
    assert (backorder["waiting"], backorder["expectedAt"]) == (14, "2030-01-05T09:00:00+00:00")


async def sells(run: Callable[[str], Awaitable[Any]], listings: str, selling: str) -> None:
    """What a channel may sell is there as soon as it was counted."""
    assert (await run(listings))["setChannelBuffer"]["channel"] == {"buffer": 2}
    async with asyncio.timeout(20):
        while not (sold := (await run(selling))["variant"]["channelAvailability"]):  # noqa: ASYNC110  (a job counts, and tells nobody here)
            await asyncio.sleep(0.05)
    listed = {"channelSku": "MUG-BLUE", "stock": {"quantity": 14, "toldQuantity": None, "error": None}}
    assert sold == [{"channel": {"code": "web"}, "available": 14, "listings": [listed]}]


def check_basket(answer: Any) -> None:
    """One line is there, the other is enough when what was announced has come; what is there has its promise."""
    told = answer["availability"]
    assert [(line["available"], line["isEnough"], line["enoughAt"]) for line in told["lines"]] == [
        (16, True, None),
        (8, False, "2030-01-05T09:00:00+00:00"),
    ]
    (part,) = told["parts"]
    assert part["promise"]["dispatchBy"][:10] < part["promise"]["earliest"] < part["promise"]["latest"]


def check_routed(answer: Any) -> None:
    """By the rules that were set: from London, which is as far from there as one city's middle from the other's."""
    tried = answer["previewRouting"]
    assert (tried["ruleVersion"], tried["missingUnits"]) == ("web-1", 0)
    assert tried["parts"] == [{"location": "london", "sku": "MUG-BLUE", "quantity": 3}]
    (london,) = tried["receipt"]["candidates"]
    assert (london["coordinates"], london["work"]) == ("city", {"units": 2, "orders": 1})
    assert london["km"] == pytest.approx(272, abs=2)


def check_costs(answer: Any) -> None:
    """Nobody has said what parcels cost."""
    (london,) = answer["previewRouting"]["receipt"]["candidates"]
    assert (london["cost"], london["costWhy"]) == (None, "there is no rate to there")
    assert answer["pluginRoutingRules"] == []


def check_recall(answer: Any) -> None:
    """All of the lot is in quarantine, in both bins."""
    assert answer["adjustStock"]["stockLevel"] == {"availableToPromise": 24}
    lot = answer["recallLot"]["lot"]
    assert lot["status"] == "RECALLED"
    left = [(each["bin"], each["onHand"], each["quarantined"]) for each in lot["remaining"]]
    assert left == [("T-1", 14, 14), ("T-2", 10, 10)]


def check_tokens(made: Any, seen: Any) -> None:
    """The new one may do little, whoever made it everything."""
    assert made["token"].startswith("ph_")
    assert made["accessToken"]["permissions"] == ["fulfillment.write", "inventory.read", "orders.read"]
    assert seen["viewer"]["permissions"] == ["*"]
    creators = {edge["node"]["name"]: edge["node"]["createdBy"] for edge in seen["accessTokens"]["edges"]}
    assert creators["warehouse-berlin"] == f"token:{seen['viewer']['name']}"
    (event,) = (edge["node"] for edge in seen["accessTokenEvents"]["edges"])
    assert (event["type"], event["payload"]["name"]) == ("ACCESS_TOKEN_CREATED", "warehouse-berlin")
    assert event["actor"] == creators["warehouse-berlin"]


async def test_every_document_works_in_its_order(database_url: str) -> None:
    (
        shop,
        shelf,
        order,
        stock,
        shelves,
        count,
        listings,
        selling,
        lots,
        rules,
        promises,
        basket,
        preview,
        cheapest,
        board,
        waiting,
        live,
        token,
        me,
        on_call,
        endpoint_gone,
    ) = blocks("graphql")
    async with (
        running_server(server_settings(database_url)) as server,
        aiohttp.ClientSession(headers=server.headers) as client,
    ):

        async def run(document: str, **variables: str) -> Any:
            async with client.post(server.graphql, json={"query": document, "variables": variables}) as response:
                answer = await response.json()
            assert "errors" not in answer, answer
            assert user_errors(answer["data"]) == []
            return answer["data"]

        made = await run(shop)
        stocked = await run(shelf, location=made["createLocation"]["location"]["id"])
        assert stocked["adjustStock"]["stockLevel"] == {"onHand": 20, "availableToPromise": 20}
        async with client.ws_connect(server.graphql, protocols=("graphql-transport-ws",)) as socket:
            await socket.send_json({"type": "connection_init", "payload": {"Authorization": f"Bearer {server.token}"}})
            assert (await socket.receive_json(timeout=10))["type"] == "connection_ack"
            await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": live}})
            # the subscription is answered by events alone, so a round trip shows that it has begun
            await socket.send_json({"type": "ping"})
            assert (await socket.receive_json(timeout=10))["type"] == "pong"
            await asyncio.sleep(0)
            placed = await run(order)
            event = await socket.receive_json(timeout=20)
            second = await socket.receive_json(timeout=20)
        check_placed(placed)
        assert event["payload"]["data"]["orderEvents"]["type"] == "ORDER_PLACED"
        # the same from the same place, by the request that curl would send
        headers = {"Accept": "text/event-stream", "Last-Event-ID": event["payload"]["extensions"]["cursor"]}
        async with client.post(server.graphql, json=curl_body(), headers=headers) as stream:
            lines = [(await stream.content.readline()).decode() for _ in range(5)]
        assert lines[2:4] == ["event: next\n", f"id: {second['payload']['extensions']['cursor']}\n"]
        again = json.loads(lines[4].removeprefix("data: "))
        assert again["data"]["orderEvents"]["type"] == second["payload"]["data"]["orderEvents"]["type"]
        moved = await run(stock, location=made["createLocation"]["location"]["id"])
        assert moved["setBundle"]["variant"] == {"availableToPromise": 9}
        await run(count, location=made["createLocation"]["location"]["id"])
        seen = await run(shelves)
        assert seen["stock"] == [
            {
                "location": {"code": "london"},
                "onHand": 20,
                "allocated": 2,
                "reserved": 2,
                "incoming": 100,
                "availableToPromise": 16,
            }
        ]
        assert seen["variant"]["arrivals"][0]["units"] == 100
        await sells(run, listings, selling)
        check_recall(await run(lots, location=made["createLocation"]["location"]["id"]))
        assert (await run(rules))["setRoutingRules"]["routingRules"] == {"version": "web-1"}
        promised = await run(promises, location=made["createLocation"]["location"]["id"])
        assert promised["setTransitTimes"]["count"] == 2
        check_basket(await run(basket))
        check_routed(await run(preview))
        check_costs(await run(cheapest))
        node = (await run(board))["orders"]["edges"][0]["node"]
        assert (node["paymentStatus"], node["lines"][0]["allocated"]) == ("PAID", 2)
        check_waiting(await run(waiting, location=made["createLocation"]["location"]["id"]))
        check_tokens((await run(token))["createAccessToken"], await run(me))
        assert (await run(on_call))["deliveries"]["totalCount"] == 0
        assert (await run(endpoint_gone))["giveUpDeliveries"]["givenUp"] == 0


def test_the_plugin_in_ten_lines_loads() -> None:
    namespace: dict[str, Any] = {}
    exec(blocks("python")[0], namespace)  # noqa: S102  (our own README)
    choices = Settings().plugins.model_copy(update={"enabled": []})
    host = PluginHost.load(choices, [namespace["Plugin"]()])
    assert host.listeners[EventType.SHIPMENT_DISPATCHED] == ("hello",)


@pytest.mark.parametrize(
    "path",
    re.findall(r"\]\((plugins/[^)]+)\)", README) + re.findall(r"`((?:core|config|plugins|tests)/[\w./-]+)`", README),
)
def test_what_it_names_exists(path: str) -> None:
    assert (ROOT / path).exists()
