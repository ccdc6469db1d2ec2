"""An API client: speaks GraphQL over HTTP and over a WebSocket, and knows nothing else of the product."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from packhouse.testing.server import RunningServer

T = TypeVar("T")

USER_ERRORS = "userErrors { code message field }"
ADDRESS = {"name": "Test Buyer", "line1": "1 Example Street", "city": "London", "postcode": "SW1A 1AA", "country": "GB"}
# Generous, because the machine may be busy; what is waited for comes within a fraction of it.
PATIENCE_SECONDS = 30.0


class Api:
    """GraphQL by HTTP with an admin's token."""

    def __init__(self, http: aiohttp.ClientSession, server: RunningServer) -> None:
        self.http = http
        self.server = server

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data of a document that works."""
        body = {"query": document, "variables": variables}
        async with self.http.post(self.server.graphql, json=body, headers=self.server.headers) as response:
            answer = await response.json()
        assert response.status == 200, answer
        assert "errors" not in answer, answer
        return answer["data"]

    async def change(self, mutation: str, selection: str, /, kind_of_input: str = "", **values: Any) -> Any:
        """The payload of a mutation, refused or not; its input is called after it where no other kind is named."""
        kind = kind_of_input or f"{mutation[0].upper()}{mutation[1:]}Input"
        document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} {USER_ERRORS} }} }}"
        return (await self.ask(document, input=values))[mutation]

    async def do(self, mutation: str, selection: str, **values: Any) -> Any:
        """The payload of a mutation that works."""
        payload = await self.change(mutation, selection, **values)
        assert payload["userErrors"] == [], payload
        return payload

    async def refusal(self, mutation: str, selection: str, **values: Any) -> dict[str, Any]:
        """The one user error of a mutation that is refused; it gives no object."""
        payload = await self.change(mutation, selection, **values)
        (error,) = payload.pop("userErrors")
        assert list(payload.values()) == [None], payload
        assert error["message"]
        return dict(error)

    async def orders(self) -> list[Any]:
        """All orders, in the order in which they were placed."""
        document = (
            "{ orders(sort: PLACED_AT_ASC, first: 100) { edges { node { id number externalId status phase } } } }"
        )
        return [edge["node"] for edge in (await self.ask(document))["orders"]["edges"]]

    async def order(self, order_id: str, fields: str) -> Any:
        """An order by its id."""
        return (await self.ask(f"query ($id: ID!) {{ node(id: $id) {{ ... on Order {{ {fields} }} }} }}", id=order_id))[
            "node"
        ]

    async def is_well(self) -> bool:
        """Whether the server says that it lives and can work."""
        answers = []
        for path in ("/health/live", "/health/ready"):
            async with self.http.get(f"{self.server.url}{path}") as response:
                answers.append(response.status)
        return answers == [200, 200]

    async def stock_shop(self, skus: list[str], units: int, *, price: str = "", currency: str = "GBP") -> str:
        """Variants, with a price where one is named, and so many units of each in a new location; gives its id."""
        made = await self.do("createLocation", "location { id }", code="london", name="London", address=ADDRESS)
        location_id: str = made["location"]["id"]
        for sku in skus:
            await self.do("createVariant", "variant { id }", sku=sku, title=f"Title of {sku}", weightGrams=300)
            if price:
                await self.do(
                    "setPrice", "variant { id }", sku=sku, price={"amount": price, "currency": currency}, channel=""
                )
            await self.do(
                "adjustStock",
                "stockLevel { onHand }",
                sku=sku,
                locationId=location_id,
                quantity=units,
                reason="delivered by the maker",
            )
        return location_id


async def row_counts(server: RunningServer) -> dict[str, int]:
    """How many rows each table has, once everything that was set going has come to rest."""
    await server.house.relay.drain()
    database = server.house.database
    named = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if server.house.settings.database.url.startswith("sqlite")
        else "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    tables = sorted(row["name"] for row in await database.fetch(named))
    return {table: (await database.fetch(f'SELECT COUNT(*) AS n FROM "{table}"'))[0]["n"] for table in tables}


async def until(look: Callable[[], Awaitable[T | None]], what: str) -> T:
    """What `look` finds, as soon as it finds anything."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := await look()):  # noqa: ASYNC110  (it is the server's, which knows of no test)
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not come within {PATIENCE_SECONDS:g} s") from None
    return found


class LiveEvents:
    """The events of a subscription, as they come."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def receive(self) -> Any:
        """The next message."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return json.loads(await self._connection.recv())

    async def event(self) -> Any:
        """The next event."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]["orderEvents"]

    async def pong(self) -> list[Any]:
        """What came before the answer to a ping: everything that the server had to say until then."""
        await self._connection.send(json.dumps({"type": "ping"}))
        before = []
        while (message := await self.receive())["type"] != "pong":
            before.append(message)
        return before


@asynccontextmanager
async def following(server: RunningServer, document: str, **variables: Any) -> AsyncIterator[LiveEvents]:
    """A subscription by graphql-transport-ws that is known to have begun."""
    async with connect(server.socket, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
        live = LiveEvents(connection)
        payload = {"Authorization": f"Bearer {server.token}"}
        await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert (await live.receive())["type"] == "connection_ack"
        asked = {"query": document, "variables": variables}
        await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": asked}))
        yield live
