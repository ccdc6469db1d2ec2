"""A plugin's own store: outside a delivery at once, inside one only with it."""

from collections.abc import Callable
from typing import Any

import pytest

from packhouse.hooks import NotStarted
from packhouse.hooks.errors import DeliveryOver, OwnFailure
from packhouse.hooks.handover import Handover
from packhouse.hooks.state import DeliveryState, OwnState, StateTable, no_database, write_state
from packhouse.sdk import InvalidValue, new_id, now
from packhouse.storage import Database, DatabaseLost, Initiator

KEPT: list[tuple[str, Any]] = [
    ("nothing", None),
    ("yes", True),
    ("count", 9_007_199_254_740_993),
    ("ratio", 1e300),
    ("text", "Grüße, 世界\x00"),
    ("order/1/token", {"access": ["a", 1, None], "until": "2026-01-01T00:00:00+00:00"}),
]


@pytest.fixture
def table(database: Database) -> StateTable:
    return StateTable("crm", lambda: database)


@pytest.fixture
def own(table: StateTable) -> OwnState:
    return OwnState(table)


def delivery(table: StateTable, earlier: dict[str, str | None] | None = None) -> tuple[DeliveryState, Handover]:
    handover = Handover("crm", new_id(), earlier or {})
    return DeliveryState(table, handover), handover


async def rows(database: Database) -> list[tuple[str, str, str]]:
    found = await database.fetch("SELECT plugin, key, value FROM plugin_state ORDER BY plugin, key")
    return [(row["plugin"], row["key"], row["value"]) for row in found]


@pytest.mark.parametrize(("key", "value"), KEPT)
async def test_values_come_back_as_they_were(own: OwnState, key: str, value: Any) -> None:
    await own.set(key, value)
    assert await own.get(key, "not there") == value
    await own.set(key, "another")
    assert await own.get(key) == "another"
    await own.delete(key)
    await own.delete(key)
    assert await own.get(key) is None
    assert await own.get(key, "not there") == "not there"


async def test_each_plugin_and_recipient_has_its_own(database: Database, own: OwnState) -> None:
    recipient = OwnState(StateTable("crm/shop", lambda: database))
    await own.set("token", 1)
    await recipient.set("token", 2)
    assert (await own.get("token"), await recipient.get("token")) == (1, 2)
    assert await rows(database) == [("crm", "token", "1"), ("crm/shop", "token", "2")]


async def test_pages_of_a_prefix(own: OwnState) -> None:
    for key in ("order/2", "order/10", "Order/3", "order", "orders/4", "order/é", "order/1"):
        await own.set(key, key.upper())
    assert await own.items("order/", limit=2) == [("order/1", "ORDER/1"), ("order/10", "ORDER/10")]
    assert await own.items("order/", after="order/10") == [("order/2", "ORDER/2"), ("order/é", "ORDER/É")]
    assert [key for key, _ in await own.items()] == [
        "Order/3",
        "order",
        "order/1",
        "order/10",
        "order/2",
        "order/é",
        "orders/4",
    ]


async def test_a_page_uses_the_index(database: Database) -> None:
    statement = "SELECT key FROM plugin_state WHERE plugin = 'a' AND key > 'b' AND key < 'c' ORDER BY key LIMIT 2"
    if database.dialect == "sqlite":
        plan = str([dict(row) for row in await database.fetch(f"EXPLAIN QUERY PLAN {statement}")])
        assert "(plugin=? AND key>? AND key<?)" in plan
        assert "TEMP B-TREE" not in plan
    else:

        async def explain(uow: Any) -> str:
            await uow.execute("SET LOCAL enable_seqscan = off")
            await uow.execute("SET LOCAL enable_bitmapscan = off")
            return str([dict(row) for row in await uow.fetch(f"EXPLAIN {statement}")])

        plan = await database.write(Initiator("tester", "test"), explain)
        assert "Index Cond" in plan
        assert "Sort" not in plan


@pytest.mark.parametrize(
    ("key", "value", "field", "message"),
    [
        ("", 1, "key", "expected 1 to 200 printable characters"),
        ("k" * 201, 1, "key", "expected 1 to 200 printable characters"),
        ("two\nlines", 1, "key", "expected 1 to 200 printable characters"),
        (7, 1, "key", "expected 1 to 200 printable characters"),
        ("id", new_id(), "value", "the value of id is not JSON: Object of type UUID is not JSON serializable"),
        ("ratio", float("nan"), "value", "the value of ratio is not JSON: Out of range float values"),
        ("long", "x" * 65_535, "value", "the value of long has 65537 bytes as JSON, at most 65536 are kept"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
async def test_what_cannot_be_kept_is_refused_and_changes_nothing(
    database: Database, table: StateTable, key: Any, value: Any, field: str, message: str, inside: bool
) -> None:
    state, handover = delivery(table)
    with pytest.raises(InvalidValue) as refusal:
        await (state if inside else OwnState(table)).set(key, value)
    assert refusal.value.field == field
    assert refusal.value.message.startswith(message)
    assert handover.changes == {}
    assert await rows(database) == []


async def test_the_longest_of_everything_is_kept(own: OwnState) -> None:
    key = "é" * 200
    await own.set(key, "x" * 65_534)
    assert await own.items() == [(key, "x" * 65_534)]


@pytest.mark.parametrize("limit", [0, 1001])
async def test_a_page_has_a_limit(own: OwnState, limit: int) -> None:
    with pytest.raises(InvalidValue, match="limit: expected 1 to 1000"):
        await own.items(limit=limit)


async def test_a_delivery_reads_what_it_changed_and_nobody_else_does(database: Database, table: StateTable) -> None:
    own = OwnState(table)
    for number in range(4):
        await own.set(f"order/{number}", number)
    state, handover = delivery(table, {"order/0": "100", "order/3": None})
    await state.set("order/1", 101)
    await state.delete("order/2")
    await state.set("order/4", 104)
    assert [await state.get(f"order/{number}") for number in range(5)] == [100, 101, None, None, 104]
    assert await state.items("order/") == [("order/0", 100), ("order/1", 101), ("order/4", 104)]
    assert await state.items("order/", limit=2) == [("order/0", 100), ("order/1", 101)]
    assert await state.items("order/", after="order/1", limit=1) == [("order/4", 104)]
    assert await own.items() == [(f"order/{number}", number) for number in range(4)]
    assert handover.changes == {"order/1": "101", "order/2": None, "order/4": "104"}
    assert [value for _, _, value in await rows(database)] == ["0", "1", "2", "3"]


async def test_a_delivery_gets_what_it_set_as_it_will_be_read(table: StateTable) -> None:
    state, _ = delivery(table)
    value = {"list": [1]}
    await state.set("value", value)
    value["list"].append(2)
    assert await state.get("value") == {"list": [1]}


async def test_one_delivery_changes_only_so_many_keys(table: StateTable) -> None:
    state, handover = delivery(table)
    for number in range(100):
        await state.set(f"key{number}", number)
    await state.set("key0", "again")
    with pytest.raises(InvalidValue, match="one delivery changes at most 100 keys"):
        await state.set("one more", 1)
    assert len(handover.changes) == 100


async def test_a_task_left_behind_cannot_change_a_delivery_that_is_over(table: StateTable) -> None:
    state, handover = delivery(table)
    handover.is_over = True
    for change in (state.set("key", 1), state.delete("key")):
        with pytest.raises(DeliveryOver, match="the delivery is over"):
            await change
    assert handover.changes == {}


async def test_more_changes_than_one_statement_takes(database: Database, table: StateTable) -> None:
    changes: dict[str, str | None] = {f"key{number:04}": str(number) for number in range(1050)}
    by = Initiator("tester", "test")
    await database.write(by, lambda uow: write_state(uow, "crm", changes))
    gone: dict[str, str | None] = {"key0000": None, "key0001": '"new"'}
    await database.write(by, lambda uow: write_state(uow, "crm", gone))
    found = await table.page("", "", 2000)
    assert len(found) == 1049
    assert found[:2] == [("key0001", '"new"'), ("key0002", "2")]
    (row,) = await database.fetch("SELECT changed_at FROM plugin_state WHERE key = 'key0001'")
    assert str(row["changed_at"])[:10] == str(now())[:10]


async def test_without_a_server_there_is_no_store() -> None:
    own = OwnState(StateTable("crm", no_database))
    attempts: list[Callable[[], Any]] = [lambda: own.get("key"), lambda: own.set("key", 1), own.items]
    for attempt in attempts:
        with pytest.raises(NotStarted, match="open while the server runs only"):
            await attempt()


async def test_what_the_database_raises_is_ours(own: OwnState, table: StateTable, database: Database) -> None:
    state, _ = delivery(table)
    await database.write(Initiator("tester", "test"), lambda uow: uow.execute("DROP TABLE plugin_state"))
    for work in (own.get("key"), own.items(), own.set("key", 1), own.delete("key"), state.get("key"), state.items()):
        with pytest.raises(OwnFailure, match=r"context\.state could not be (read|written): .*plugin_state"):
            await work


async def test_a_lost_database_is_told_as_such(
    own: OwnState, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> Any:
        raise DatabaseLost("the server is starting up")

    for name in ("look_up", "write"):
        monkeypatch.setattr(database, name, lost)
    for work in (own.get("key"), own.set("key", 1)):
        with pytest.raises(DatabaseLost):
            await work
