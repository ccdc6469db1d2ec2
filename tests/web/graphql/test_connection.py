import random
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
import strawberry

from packhouse.orders.models import Order
from packhouse.sdk import new_id
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.web.graphql.connection import (
    After,
    Before,
    Connection,
    First,
    Last,
    Ordering,
    PageArguments,
    QuerySetSource,
    Source,
    SqlSource,
    paginate,
)
from packhouse.web.graphql.cursors import read_cursor
from packhouse.web.graphql.errors import BadUserInput

START = datetime(2026, 5, 1, 12, tzinfo=UTC)

PLACED = Ordering("PLACED_AT_ASC", "placed_at", datetime)
NEWEST = Ordering("PLACED_AT_DESC", "placed_at", datetime, descending=True)
TOTAL = Ordering("TOTAL_ASC", "total", int)
NUMBER = Ordering("NUMBER_DESC", "number", str, descending=True)
BY_ID = Ordering("ID", "id", UUID)
COMPLETED = Ordering("COMPLETED_AT_ASC", "completed_at", datetime, nullable=True)
LAST_COMPLETED = Ordering("COMPLETED_AT_DESC", "completed_at", datetime, descending=True, nullable=True)
ORDERINGS = (PLACED, NEWEST, TOTAL, NUMBER, BY_ID, COMPLETED, LAST_COMPLETED)

MakeSource = Callable[[Database], Source[Any]]


def from_queryset(_: Database) -> Source[Any]:
    return QuerySetSource(Order.filter(channel="web"))


def from_sql(database: Database) -> Source[Any]:
    return SqlSource(database, "o.*", "orders o", "o", "o.channel = $1", ["web"])


SOURCES = pytest.mark.parametrize("make_source", [from_queryset, from_sql])


def number_of(row: Any) -> str:
    return str(row.number if isinstance(row, Order) else row["number"])


async def make_orders(database: Database, by: Initiator, count: int = 11) -> list[dict[str, Any]]:
    """Orders with many equal keys and some missing ones, and one on another channel."""
    chance = random.Random(7)  # noqa: S311  (the same rows each time)
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "number": f"N{index:02}",
            "channel": "elsewhere" if index == count else "web",
            "status": "confirmed",
            "external_id": "",
            "email": "",
            "currency": "EUR",
            "subtotal": 1,
            "discount": 0,
            "shipping": 0,
            "tax": 0,
            "total": chance.choice([100, 200, 300]),
            "tax_included": False,
            "note": "",
            "tags": [],
            "shipping_speed": "standard",
            "cancel_reason": "",
            "is_imported": False,
            "is_demo": False,
            "placed_at": START + timedelta(microseconds=chance.choice([0, 1, 500_000, 7_000_000])),
            "completed_at": chance.choice([None, START, START + timedelta(days=1)]),
            "updated_at": START,
        }
        for index in range(count + 1)
    ]

    async def work(uow: UnitOfWork) -> None:
        await uow.insert("orders", rows)

    await database.write(by, work)
    return rows[:count]


def expected(rows: Sequence[dict[str, Any]], ordering: Ordering) -> list[str]:
    def rank(row: dict[str, Any]) -> tuple[Any, ...]:
        if ordering.column == "id":
            return (row["id"],)
        key = row[ordering.column]
        return (key is None, key or START, row["id"])

    return [row["number"] for row in sorted(rows, key=rank, reverse=ordering.descending)]


async def page_of(source: Source[Any], ordering: Ordering, **arguments: Any) -> Connection[str]:
    return await paginate(source, PageArguments.of(**arguments), ordering, number_of)


def nodes(page: Connection[str]) -> list[str]:
    return [edge.node for edge in page.edges]


@SOURCES
async def test_walking_forwards_meets_every_row_once_in_order(
    database: Database, by: Initiator, make_source: MakeSource
) -> None:
    wanted = {
        ordering.name: expected(rows, ordering) for rows in [await make_orders(database, by)] for ordering in ORDERINGS
    }
    for ordering in ORDERINGS:
        seen: list[str] = []
        after, more = None, True
        while more:
            page = await page_of(make_source(database), ordering, first=3, after=after)
            assert await page.page_info.has_previous_page() is bool(seen)
            seen += nodes(page)
            after, more = page.page_info.end_cursor, await page.page_info.has_next_page()
        assert seen == wanted[ordering.name], ordering.name


@SOURCES
async def test_walking_backwards_meets_every_row_once_in_order(
    database: Database, by: Initiator, make_source: MakeSource
) -> None:
    rows = await make_orders(database, by)
    for ordering in ORDERINGS:
        seen: list[str] = []
        before, more = None, True
        while more:
            page = await page_of(make_source(database), ordering, last=4, before=before)
            assert await page.page_info.has_next_page() is bool(seen)
            seen = nodes(page) + seen
            before, more = page.page_info.start_cursor, await page.page_info.has_previous_page()
        assert seen == expected(rows, ordering), ordering.name


@SOURCES
async def test_between_two_cursors(database: Database, by: Initiator, make_source: MakeSource) -> None:
    rows = await make_orders(database, by)
    for ordering in ORDERINGS:
        wanted = expected(rows, ordering)
        cursors = [edge.cursor for edge in (await page_of(make_source(database), ordering, first=100)).edges]
        window = await page_of(make_source(database), ordering, after=cursors[2], before=cursors[6])
        assert nodes(window) == wanted[3:6]
        assert await window.page_info.has_previous_page() is True
        assert await window.page_info.has_next_page() is True
        last = await page_of(make_source(database), ordering, last=2, after=cursors[2], before=cursors[6])
        assert nodes(last) == wanted[4:6]


async def test_a_row_that_vanished_leaves_its_cursor_usable(database: Database, by: Initiator) -> None:
    await make_orders(database, by)
    page = await page_of(from_queryset(database), PLACED, first=1)
    await Order.filter(number=nodes(page)[0]).delete()
    rest = await page_of(from_queryset(database), PLACED, first=100, after=page.page_info.end_cursor)
    assert len(nodes(rest)) == 10
    assert await rest.page_info.has_previous_page() is False


@SOURCES
async def test_an_empty_list(database: Database, make_source: MakeSource) -> None:
    page = await page_of(make_source(database), PLACED)
    assert page.edges == []
    assert (page.page_info.start_cursor, page.page_info.end_cursor) == (None, None)
    assert await page.page_info.has_next_page() is False
    assert await page.page_info.has_previous_page() is False
    assert await page.total_count() == 0


@pytest.mark.parametrize("size", [0, -1, 101])
@pytest.mark.parametrize("argument", ["first", "last"])
def test_sizes_out_of_range_are_named(argument: str, size: int) -> None:
    sizes: dict[str, Any] = {argument: size}
    with pytest.raises(BadUserInput, match=rf"^{argument}: must be 1 to 100, not {size}$") as refused:
        PageArguments.of(**sizes)
    assert refused.value.extensions == {"code": "BAD_USER_INPUT", "field": [argument]}


def test_first_and_last_together_are_refused() -> None:
    with pytest.raises(BadUserInput, match=r"^last: give either first or last"):
        PageArguments.of(first=1, last=1)


def packed(*values: object) -> str:
    return urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


ID = "01a20561f0007000a000000000000001"


@pytest.mark.parametrize(
    ("ordering", "cursor"),
    [
        (PLACED, ""),
        (PLACED, "x"),
        (PLACED, "ä"),
        (PLACED, "\x00"),
        (PLACED, "A" * 5000),
        (PLACED, urlsafe_b64encode(b"[" * 900).decode()),
        (PLACED, packed({"a": 1})),
        (PLACED, packed(1, "PLACED_AT_ASC", START.isoformat())),
        (PLACED, packed(1, "PLACED_AT_ASC", None, ID)),
        (PLACED, packed(1, "PLACED_AT_ASC", "yesterday", ID)),
        (PLACED, packed(1, "PLACED_AT_ASC", "0001-01-01T00:00:00+14:00", ID)),
        (PLACED, packed(1, "PLACED_AT_ASC", START.isoformat(), "no id")),
        (PLACED, packed(1, "PLACED_AT_ASC", START.isoformat(), 5)),
        (TOTAL, packed(1, "TOTAL_ASC", True, ID)),
        (TOTAL, packed(1, "TOTAL_ASC", 2**63, ID)),
        (TOTAL, packed(1, "TOTAL_ASC", 1.5, ID)),
        (NUMBER, packed(1, "NUMBER_DESC", "a\0b", ID)),
        (NUMBER, packed(1, "NUMBER_DESC", ["a"], ID)),
    ],
)
def test_a_cursor_that_is_none_is_refused_by_name(ordering: Ordering, cursor: str) -> None:
    with pytest.raises(BadUserInput, match=r"^before: not a cursor of this list"):
        read_cursor(ordering, cursor, "before")


def test_a_cursor_of_another_sorting_or_version_is_refused() -> None:
    other = packed(1, "TOTAL_ASC", 5, ID)
    with pytest.raises(BadUserInput, match=r"^after: this cursor belongs to another sorting, not to PLACED_AT_ASC"):
        read_cursor(PLACED, other, "after")
    newer = packed(2, "PLACED_AT_ASC", 5, ID)
    with pytest.raises(BadUserInput, match=r"^after: a cursor of another version"):
        read_cursor(PLACED, newer, "after")


@SOURCES
async def test_the_widest_integer_does_not_break_the_database(database: Database, make_source: MakeSource) -> None:
    page = await page_of(make_source(database), TOTAL, after=packed(1, "TOTAL_ASC", 2**63 - 1, ID))
    assert page.edges == []


@strawberry.type(name="Order", description="An order.")
class OrderType:
    number: str = strawberry.field(description="Its number.")

    @classmethod
    def of(cls, row: Order) -> "OrderType":
        return cls(number=row.number)


class CountingSource(QuerySetSource[Order]):
    counted = 0
    looked = 0

    async def count(self) -> int:
        CountingSource.counted += 1
        return await super().count()

    async def reaches(self, *arguments: Any, **options: Any) -> bool:
        CountingSource.looked += 1
        return await super().reaches(*arguments, **options)


@strawberry.type
class Query:
    @strawberry.field(description="Orders.")
    async def orders(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[OrderType]:
        page = PageArguments.of(first, after, last, before)
        return await paginate(CountingSource(Order.filter(channel="web")), page, NEWEST, OrderType.of)


async def test_the_list_is_counted_only_when_asked(database: Database, by: Initiator) -> None:
    await make_orders(database, by)
    schema = strawberry.Schema(Query)
    CountingSource.counted = CountingSource.looked = 0
    plain = await schema.execute("{ orders(first: 2) { edges { cursor node { number } } pageInfo { endCursor } } }")
    assert plain.errors is None
    assert (CountingSource.counted, CountingSource.looked) == (0, 0)
    cursor = plain.data["orders"]["pageInfo"]["endCursor"] if plain.data else ""
    asked = await schema.execute(
        "query($after: String) { orders(first: 2, after: $after) { totalCount pageInfo { hasPreviousPage hasNextPage } } }",
        {"after": cursor},
    )
    assert asked.data == {
        "orders": {"totalCount": 11, "pageInfo": {"hasPreviousPage": True, "hasNextPage": True}},
    }
    assert (CountingSource.counted, CountingSource.looked) == (1, 1)


def test_types_are_named_and_described_as_relay_wants() -> None:
    sdl = strawberry.Schema(Query).as_str()
    for line in (
        "type OrderConnection {",
        "type OrderEdge {",
        "type PageInfo {",
        "  totalCount: Int!",
        "  hasNextPage: Boolean!",
        "  startCursor: String",
        '    """Only what comes after this cursor."""',
        "    first: Int = null",
    ):
        assert f"{line}\n" in sdl


async def test_a_bad_cursor_is_an_error_with_its_code(database: Database) -> None:
    del database
    result = await strawberry.Schema(Query).execute('{ orders(after: "x") { totalCount } }')
    assert result.errors is not None
    assert result.errors[0].extensions == {"code": "BAD_USER_INPUT", "field": ["after"]}
