"""What a plugin shows to clients: addresses of its own and what it knows about orders."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import aiohttp
from tests.end_to_end.api import ADDRESS, Api

from packhouse.sdk import (
    InvalidValue,
    OrderSnapshot,
    PluginAnswer,
    PluginContext,
    PluginManifest,
    PluginRequest,
    PluginRoute,
    ProviderUnavailable,
    Refused,
    hookimpl,
)
from packhouse.testing.server import running_server, server_settings


class Loyalty:
    """Knows points of orders, and answers at addresses of its own."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.requests: list[PluginRequest] = []

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("loyalty", "Loyalty", "1.0")

    @hookimpl
    async def order_extensions(self, orders: Sequence[OrderSnapshot]) -> Mapping[UUID, Mapping[str, Any]]:
        self.asked.append(len(orders))
        return {each.id: {"points": int(each.total.amount)} for each in orders}

    @hookimpl
    def register_routes(self) -> Sequence[PluginRoute]:
        return [
            PluginRoute("points/export", self.export),
            PluginRoute("points/export", self.take, ("POST",)),
            PluginRoute("points/give", self.take, ("POST",), permission="orders.write"),
        ]

    async def export(self, request: PluginRequest, context: PluginContext) -> PluginAnswer:
        self.requests.append(request)
        data = await context.query("{ orders(first: 5) { edges { node { number } } } }")
        return PluginAnswer(f"{len(data['orders']['edges'])} orders".encode(), "text/plain", 203)

    async def take(self, request: PluginRequest, _: PluginContext) -> PluginAnswer:
        errors: dict[bytes, Exception] = {
            b"refused": Refused("NO_POINTS", "there are none", "points"),
            b"wrong": InvalidValue("points", "not a number"),
            b"away": ProviderUnavailable("the vendor is away"),
            b"broken": ValueError("the password is hunter2"),
        }
        raise errors[request.body]


async def test_extensions_and_addresses(database_url: str, http: aiohttp.ClientSession) -> None:
    plugin = Loyalty()
    async with running_server(server_settings(database_url), [plugin]) as server:
        api = Api(http, server)
        await api.do("createVariant", "variant { id }", sku="MUG", title="Mug")
        await api.do("setPrice", "variant { id }", sku="MUG", price={"amount": "12.50", "currency": "GBP"})
        location = await api.do("createLocation", "location { id }", code="london", name="London", address=ADDRESS)
        await api.do(
            "adjustStock",
            "stockLevel { onHand }",
            sku="MUG",
            locationId=location["location"]["id"],
            quantity=9,
            reason="received",
        )
        await api.do("createChannel", "channel { code }", code="web", name="Web")
        for quantity in (1, 2):
            lines = [{"sku": "MUG", "quantity": quantity}]
            await api.do(
                "placeOrder", "order { id }", channel="web", currency="GBP", lines=lines, shippingAddress=ADDRESS
            )
        board = await api.ask(
            "{ orders(first: 9, sort: PLACED_AT_ASC) { edges { node { extensions { plugin data problem } } } } }"
        )
        assert [edge["node"]["extensions"] for edge in board["orders"]["edges"]] == [
            [{"plugin": "loyalty", "data": {"points": 12}, "problem": None}],
            [{"plugin": "loyalty", "data": {"points": 25}, "problem": None}],
        ]
        assert plugin.asked == [2]

        url = f"{server.url}/plugins/loyalty/points/export"
        async with http.get(f"{url}?since=2026", headers=server.headers | {"Cookie": "a=b"}) as response:
            answer = response.status, response.content_type, await response.text()
        assert answer == (203, "text/plain", "2 orders")
        (request,) = plugin.requests
        assert (request.method, request.query, request.body) == ("GET", {"since": "2026"}, b"")
        assert not {"authorization", "cookie"} & set(request.headers)

        async def refusal(method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, Any]]:
            async with http.request(method, f"{server.url}{path}", data=body, headers=headers) as response:
                return response.status, (await response.json())["error"]

        for path in ("/plugins/loyalty/points/export", "/plugins/nobody/page"):
            assert (await refusal("GET", path))[0] == 401
            assert (await refusal("GET", path, Authorization="Bearer ph_wrong"))[0] == 401
        path = "/plugins/loyalty/points/export"
        assert (await refusal("GET", "/plugins/loyalty/other", **server.headers))[0] == 404
        assert (await refusal("GET", "/plugins/nobody/page", **server.headers))[0] == 404
        assert await refusal("POST", path, b"refused", **server.headers) == (
            422,
            {"code": "NO_POINTS", "message": "there are none", "field": "points"},
        )
        assert (await refusal("POST", path, b"wrong", **server.headers))[1]["code"] == "INVALID_VALUE"
        assert (await refusal("POST", path, b"away", **server.headers))[0] == 502
        status, error = await refusal("POST", path, b"broken", **server.headers)
        assert (status, error["message"]) == (500, "the plugin failed; the log says why")
        assert len(plugin.requests) == 1
