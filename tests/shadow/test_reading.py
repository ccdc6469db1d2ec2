"""What both versions see is the real database, and nothing in it changes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from tests.shadow.conftest import Write, all_of

from packhouse.events.positions import assign_positions
from packhouse.hooks.selection import StoredChoice
from packhouse.hooks.state import StateTable
from packhouse.orders.models import Order
from packhouse.plugins.changes import KeepSecret
from packhouse.plugins.commands.store_choice import store_choice
from packhouse.plugins.commands.store_secret import store_secret
from packhouse.plugins.vault import Vault
from packhouse.rooms import all_rooms
from packhouse.sdk import EventType, QueryRefused, global_id, now
from packhouse.settings import SecuritySettings, Settings
from packhouse.shadow.overlay import Overlay
from packhouse.shadow.player import both_versions
from packhouse.shadow.reading import Selection, World
from packhouse.shadow.version import Side
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.proofs import contents

TYPES = frozenset({EventType.ORDER_PLACED, EventType.ORDER_CONFIRMED})
NUMBER = "query ($id: ID!) { order(id: $id) { number } }"


@dataclass(frozen=True)
class Log:
    """What was recorded."""

    database: Database
    orders: tuple[Order, ...]
    world: World

    async def events(self, **selection: Any) -> list[tuple[str, Any]]:
        found = [event async for event in self.world.events(Selection(**selection), TYPES)]
        return [(event.type.value, event.order_id) for event in found]

    async def ask(self, overlay: Overlay, *, empty: bool = False, **message: Any) -> Any:
        return await self.world.answer("crm", overlay, message, empty=empty)


@pytest.fixture
async def log(database: Database) -> Log:
    await make_shop(database)
    orders = (await make_order(database), await make_order(database))
    while await assign_positions(database):
        pass
    return Log(database, orders, World(database, Settings(), all_rooms()))


async def test_which_events_are_played(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packhouse.shadow.reading._PAGE", 1)
    everything = [(each, order.id) for order in log.orders for each in ("order_placed", "order_confirmed")]
    assert await log.events() == everything
    assert await log.events(order_id=log.orders[1].id) == everything[2:]
    assert await log.events(limit=3) == everything[:3]
    hour = timedelta(hours=1)
    assert await log.events(since=now() - hour, until=now()) == everything
    assert await log.events(since=now()) == await log.events(until=now() - hour) == []


async def test_the_order_is_as_it_stands_now(log: Log) -> None:
    async for event in log.world.events(Selection(limit=1), TYPES):
        order, customer = await log.world.subjects_of(event)
        assert order is not None
        assert (order.id, order.number, customer) == (log.orders[0].id, log.orders[0].number, None)


async def test_the_store_is_the_real_one_with_changes_that_are_thrown_away(log: Log) -> None:
    table = StateTable("crm", lambda: log.database)
    await table.write({"order/a": "1", "order/b": "2", "order/d": "4", "seen": "7"})
    with Overlay() as overlay:
        read = {"ask": "read", "address": "crm", "key": "seen"}
        page = {"ask": "page", "address": "crm", "prefix": "order/", "after": "", "limit": 2}
        assert await log.ask(overlay, **read) == "7"
        await log.ask(overlay, ask="write", address="crm", changes={"seen": "8", "order/a": None, "order/c": "3"})
        assert await log.ask(overlay, **read) == "8"
        assert await log.ask(overlay, **page) == [("order/b", "2"), ("order/c", "3")]
        assert await log.ask(overlay, **{**page, "after": "order/b", "limit": 9}) == [
            ("order/c", "3"),
            ("order/d", "4"),
        ]
        assert await log.ask(overlay, **{**read, "key": "order/a"}) is None
        assert await log.ask(overlay, **{**read, "address": "crm/shop"}) is None, "each recipient has its own"
        assert await log.ask(overlay, empty=True, **{**page, "limit": 9}) == [("order/c", "3")]
        assert await log.ask(overlay, empty=True, **{**read, "key": "order/b"}) is None
    real = await table.page("", "", 10)
    assert real == [("order/a", "1"), ("order/b", "2"), ("order/d", "4"), ("seen", "7")]


async def test_queries_read_the_real_orders_and_nothing_else_goes(log: Log) -> None:
    before = await contents(log.database)
    with Overlay() as overlay:
        ids = {"id": global_id("Order", log.orders[0].id)}
        found = await log.ask(overlay, ask="query", document=NUMBER, variables=ids)
        assert found == {"order": {"number": log.orders[0].number}}
        document = 'mutation { createChannel(input: {code: "x", name: "X"}) { userErrors { code } } }'
        with pytest.raises(QueryRefused, match="only queries can be run here"):
            await log.ask(overlay, ask="query", document=document, variables={})
    assert await contents(log.database) == before


async def test_a_whole_run_leaves_everything_as_it_was(log: Log, write: Write) -> None:
    asks = """
        seen = await context.state.get("seen", 0)
        await context.state.set("seen", seen + 1)
        found = await context.query(NUMBER, {"id": global_id("Order", order.id)})
        await self.send(context, "/events", {"seen": seen, **found})
""".replace("NUMBER", repr(NUMBER))
    source = write("plugin", asks)
    before = await contents(log.database)
    async with both_versions(log.world, "crm", Side(source), Side(source)) as player:
        first, second = await all_of(player)
    for number, comparison in enumerate((first, second)):
        assert comparison.is_same
        assert comparison.new is not None
        assert comparison.new.error == ""
        order = {"number": log.orders[number].number}
        assert comparison.new.calls[0].body == {"seen": number, "order": order}
    assert await contents(log.database) == before
    assert await log.database.fetch("SELECT key FROM plugin_state") == []
    assert await log.database.fetch("SELECT id FROM delivery") == []


async def test_settings_are_those_that_the_server_would_read(database: Database, by: Initiator) -> None:
    security = SecuritySettings.model_validate({"secret_key": "a key of tests, long enough to be accepted"})
    plugins = Settings().plugins.model_copy(update={"settings": {"crm": {"url": "https://file.example.com"}}})
    settings = Settings(security=security).model_copy(update={"plugins": plugins})
    vault, secret = Vault.of(settings), KeepSecret("crm", "api_key", SecretStr("planted"))
    stored = StoredChoice(enabled=True, table={"url": "https://stored.example.com", "pause": 7})
    await database.write(by, lambda uow: store_choice(uow, "crm", stored, expected=0))
    await database.write(by, lambda uow: store_secret(uow, vault, secret, expected=1))
    table, secrets = await World(database, settings, all_rooms()).settings_of("crm")
    assert table.values == {"url": "https://file.example.com", "pause": 7}
    assert secrets == {"api_key": SecretStr("planted")}
