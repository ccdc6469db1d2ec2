"""No statement of the log and the lanes looks through all that ever happened, nor through all that waits for somebody."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from packhouse.events.commands import trim_log as trimming
from packhouse.events.commands.replay_events import ReplayEvents, replay_events
from packhouse.events.commands.retry_delivery import retry_delivery
from packhouse.events.figures import event_figures
from packhouse.sdk import Event, EventType, OrderSnapshot, ProviderRefused, new_id, now
from packhouse.storage import Database, UnitOfWork
from packhouse.storage.dialect import Dialect, read_id

Statement = tuple[str, tuple[Any, ...]]
TABLES = ("event", "delivery", "delivery_attempt", "lane")
WHOLE = {
    Dialect.SQLITE: lambda table, step: step == f"SCAN {table}" or step.startswith(f"SCAN {table} "),
    Dialect.POSTGRES: lambda table, step: f"Seq Scan on {table} " in step,
}
"""Whether a step of a plan reads a whole table, or a whole index."""


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> dict[str, Statement]:
    """What is asked of the database, by its text."""
    asked: dict[str, Statement] = {}
    for kind in (Database, UnitOfWork):
        monkeypatch.setattr(kind, "fetch", noted(kind.fetch, asked))
    execute_many = UnitOfWork.execute_many

    async def noting(self: UnitOfWork, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        chosen = list(rows)
        asked[sql] = (sql, tuple(chosen[0]))
        await execute_many(self, sql, chosen)

    monkeypatch.setattr(UnitOfWork, "execute_many", noting)
    return asked


def noted(fetch: Any, asked: dict[str, Statement]) -> Any:
    async def noting(self: Any, sql: str, *values: Any) -> Sequence[Mapping[str, Any]]:
        asked[sql] = (sql, values)
        rows: Sequence[Mapping[str, Any]] = await fetch(self, sql, *values)
        return rows

    return noting


async def plan(uow: UnitOfWork, sql: str, values: tuple[Any, ...]) -> list[str]:
    if uow.dialect is Dialect.SQLITE:
        return [row["detail"] for row in await uow.fetch(f"EXPLAIN QUERY PLAN {sql}", *values)]
    # in a table of ten rows that is the best way; whether there is another is asked here
    await uow.execute("SET LOCAL enable_seqscan = off")
    return [row["QUERY PLAN"] for row in await uow.fetch(f"EXPLAIN {sql}", *values)]


async def work(house: Any, make_plugins: Any) -> None:
    """Events come, are numbered, delivered, refused, retried, replayed, looked at, and trimmed."""

    async def hook(_: str, event: Event, __: OrderSnapshot | None) -> None:
        if event.payload["n"] == "refused":
            raise ProviderRefused("no")

    house.listen(make_plugins(["crm"], hook))
    relay = await house.relay()
    order_id = new_id()
    _, refused = await house.happen("one", "refused", order_id=order_id)
    await house.happen("stock", event_type=EventType.STOCK_ADJUSTED)
    await relay.drain()
    (dead,) = await house.rows("SELECT id FROM delivery WHERE event_id = $1", refused)
    await house.database.write(house.by, lambda uow: retry_delivery(uow, read_id(dead["id"])))
    past = ReplayEvents("crm", now() - timedelta(hours=1))
    await replay_events(house.database, house.by, past, list(EventType), ["crm"])
    await relay.drain()
    await event_figures(house.database, ["crm"])
    await trimming.trim_log(house.database, 30)


async def test_all_find_their_rows_by_an_index(
    house: Any, make_plugins: Any, statements: dict[str, Statement], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trimming, "now", lambda: now() + timedelta(days=100))
    await work(house, make_plugins)
    asked = [each for sql, each in statements.items() if "AS busy" not in sql]
    assert len(asked) > 30
    for part in ("position <= $2", "FOR KEY SHARE", "ON CONFLICT (event_id, plugin)", "recorded_at FROM event WHERE"):
        assert house.database.dialect is Dialect.SQLITE or any(part in sql for sql, _ in asked), "it was replayed"

    async def whole(uow: UnitOfWork) -> list[tuple[str, str]]:
        reads = WHOLE[uow.dialect]
        return [
            (step, sql)
            for sql, values in asked
            for step in await plan(uow, sql, values)
            if any(reads(table, step) for table in TABLES)
        ]

    assert await house.database.write(house.by, whole) == []
