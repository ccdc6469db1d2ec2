"""Every statement of an export, an import that changes nothing, and a count finds its rows by an index."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.sheets.given import exported, make_odd_shop, taken

from packhouse.events.outbox import Outbox
from packhouse.fulfillment.away import units_away
from packhouse.fulfillment.claimants import Shelf, orders_on_shelves
from packhouse.inventory.commands.create_count import CreateCount, create_count
from packhouse.inventory.commands.decide_count import DecideCount, decide_count
from packhouse.inventory.commands.record_count import Counted, RecordCount, record_count
from packhouse.inventory.commands.request_count import request_count
from packhouse.inventory.commands.start_count import start_count
from packhouse.inventory.commands.submit_count import SubmitCount, submit_count
from packhouse.inventory.models import StockLevel
from packhouse.inventory.rules import CountPolicy
from packhouse.sdk import new_id
from packhouse.sheets.kinds import SheetKind
from packhouse.storage import Database, Initiator, open_database
from packhouse.testing.factories import BY, make_order
from packhouse.testing.statements import Statement, noted_statements, query_plan

BOSS = Initiator("token:boss", "api")
_READS = re.compile(r"\s*(SELECT|WITH|UPDATE|DELETE)", re.IGNORECASE)
_SCAN = re.compile(r"^SCAN (?!CONSTANT|\(subquery)(\w+)(?! USING COVERING INDEX)", re.MULTILINE)


@pytest.fixture
async def shop(sqlite_url: str) -> AsyncIterator[Database]:
    database = await open_database(sqlite_url, before_commit=Outbox().flush)
    await make_odd_shop(database)
    await make_order(database, {"MUG": 3})
    yield database
    await database.close()


async def scans(database: Database, sent: list[Statement]) -> list[str]:
    """Statements that read a table from its beginning."""
    found = []
    for statement in {each.sql: each for each in sent}.values():
        if _READS.match(statement.sql) and _SCAN.search(await query_plan(database, statement)):
            found.append(await query_plan(database, statement))
    return found


async def test_sheets(shop: Database, tmp_path: Path) -> None:
    with noted_statements() as sent:
        for kind in SheetKind:
            path = tmp_path / f"{kind.value}.csv"
            await exported(shop, kind, path)
            assert (await taken(shop, kind, path)).counts[0] == 0
    assert await scans(shop, sent) == []


async def test_counts(shop: Database) -> None:
    mug = await StockLevel.get(variant__sku="MUG")
    with noted_statements() as sent:
        for data in (
            CreateCount(mug.location_id, "bins", bins=("-A1",)),
            CreateCount(mug.location_id, "moved", most_moved=5),
            CreateCount(mug.location_id, "all"),
        ):
            count = await shop.write(BY, lambda uow, data=data: create_count(uow, data))  # type: ignore[misc]
        await shop.write(BY, lambda uow: start_count(uow, count.id))
        figures = RecordCount(count.id, "Ann", (Counted("MUG", 9), Counted("PLATE", 10)))
        await shop.write(BY, lambda uow: record_count(uow, figures, units_away))
        policy = CountPolicy(currency="GBP")
        await shop.write(BY, lambda uow: submit_count(uow, SubmitCount(count.id), policy))
        await shop.write(BOSS, lambda uow: decide_count(uow, DecideCount(count.id, "Bob", is_approved=True)))
        await shop.write(BY, lambda uow: request_count(uow, mug.location_id, {mug.variant_id}, "not there", new_id()))
        await orders_on_shelves([Shelf(mug.variant_id, mug.location_id)])
    assert await scans(shop, sent) == []
