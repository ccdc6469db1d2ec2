"""What follows stock costs what has moved, however much there is: every large table is entered by an index."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from packhouse.channels import counting, pushing
from packhouse.channels.commands import count_stock
from packhouse.events.arrays import any_id, bound
from packhouse.sdk import new_id, now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect

Statement = tuple[str, tuple[Any, ...]]
LARGE = "event|listing|listing_stock|channel_stock|stock_level"


def shelves(dialect: Dialect) -> Statement:
    statement = count_stock._SHELVES.format(variants=any_id(dialect, "stock_level.variant_id", "$1"))
    return statement, (bound(dialect, [new_id(), new_id()]),)


STATEMENTS: dict[str, Callable[[Dialect], Statement]] = {
    "what is ahead in the log": lambda _: (counting._AHEAD, (5, 10)),
    "what moved": lambda _: (counting._MOVED, (5, 10)),
    "what a channel lists": lambda _: (counting._LISTED, (new_id(), new_id(), 10)),
    "what lies on shelves": shelves,
    "channels that are to be told": lambda _: (pushing._DUE, (now(),)),
    "what was told": lambda _: (pushing._TOLD, (new_id(), 1, 1, now())),
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_large_tables_are_entered_by_an_index(database: Database, by: Initiator, name: str) -> None:
    sql, values = STATEMENTS[name](database.dialect)

    async def plan(uow: UnitOfWork) -> str:
        if database.dialect is Dialect.SQLITE:
            rows = await uow.fetch(f"EXPLAIN QUERY PLAN {sql}", *values)
        else:
            await uow.execute("SET LOCAL enable_seqscan = off")
            rows = await uow.fetch(f"EXPLAIN {sql}", *values)
        return "\n".join(str(row[-1]) for row in (tuple(row) for row in rows))

    found = await database.write(by, plan)
    assert not re.search(rf"(SCAN|Seq Scan on) ({LARGE})\b", found), found
