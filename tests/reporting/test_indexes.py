"""A report costs what its period holds: every table is entered by an index."""

import re
from collections.abc import Sequence

import pytest

from packhouse.reporting.rules import OrderFilter, Period, ReportGroup
from packhouse.reporting.statements import (
    Statement,
    first_order_statement,
    performance_statement,
    quarters_statement,
    step_statements,
)
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect
from packhouse.testing.past_orders import OrderRow, ShipmentRow, WorkRow, after, save_location, save_orders

DAY = Period(after(days=100), after(days=101))
TABLES = "orders|order_line|shipment|fulfillment_order|delivery_promise|review"


def statements(dialect: Dialect, orders: OrderFilter) -> list[Statement]:
    found = [first_order_statement(dialect, DAY, orders), quarters_statement(dialect, DAY, orders)]
    for group in ReportGroup:
        found += step_statements(dialect, group, DAY, orders)
        found.append(performance_statement(dialect, group, DAY, orders, after(days=200)))
    return found


async def save_history(database: Database) -> None:
    """Ten orders a day, so that a day is a small part of the whole."""
    location = await save_location(database, "london")
    orders = []
    for number in range(3000):
        at = after(hours=2.4 * number)
        work = WorkRow(location, at)
        parcel = ShipmentRow(at, at, "delivered", "ups", location, work.id)
        orders.append(
            OrderRow(at, at, lines=[(1, 1, 0)], work=[work], shipments=[parcel], promises=[(at, at)], reviews=[(5, at)])
        )
    await save_orders(database, *orders)


async def plans(database: Database, by: Initiator, wanted: Sequence[Statement]) -> list[str]:
    explain = "EXPLAIN " if database.dialect is Dialect.POSTGRES else "EXPLAIN QUERY PLAN "

    async def work(uow: UnitOfWork) -> list[str]:
        await uow.execute("ANALYZE")
        texts = []
        for statement in wanted:
            rows = await uow.fetch(explain + statement.sql, *statement.values)
            texts.append("\n".join(str(row[-1]) for row in (tuple(row) for row in rows)))
        return texts

    return await database.write(by, work)


@pytest.mark.parametrize("orders", [OrderFilter(), OrderFilter(("web",), include_demo=True)], ids=["all", "channel"])
async def test_every_statement_enters_by_an_index(database: Database, by: Initiator, orders: OrderFilter) -> None:
    await save_history(database)
    for plan in await plans(database, by, statements(database.dialect, orders)):
        assert re.search("orders_placed|orders_channel", plan), plan
        # all of the one location is read at once, as it should be
        assert not re.search(rf"Seq Scan on ({TABLES})\b|SCAN [ouwgmr]\b(?! USING)", plan), plan
