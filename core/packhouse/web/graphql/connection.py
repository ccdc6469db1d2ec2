"""Relay connections by keyset, both ways: a page costs the same wherever it is in the list.

    page = PageArguments.of(first, after, last, before)
    return await paginate(QuerySetSource(Order.all()), page, BY_PLACED_AT, OrderType.of)

`totalCount`, and the half of `pageInfo` that the page itself does not tell, are only asked for when they are selected.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import strawberry

from packhouse.web.graphql.cursors import Ordering, Place, read_cursor, write_cursor
from packhouse.web.graphql.errors import BadUserInput
from packhouse.web.graphql.sources import QuerySetSource, Source, SqlSource

__all__ = [
    "After",
    "Before",
    "Connection",
    "Edge",
    "First",
    "Last",
    "Ordering",
    "PageArguments",
    "PageInfo",
    "QuerySetSource",
    "Source",
    "SqlSource",
    "paginate",
]

T = TypeVar("T")
R = TypeVar("R")

DEFAULT_PAGE = 20
LARGEST_PAGE = 100

First = Annotated[int | None, strawberry.argument(description="Take this many from the start, 1 to 100; 20 if unsaid.")]
Last = Annotated[int | None, strawberry.argument(description="Take this many from the end, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]

Known = bool | Callable[[], Awaitable[bool]]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's PageInfo; both `has…` fields are right whichever way the client walks."""

    start_cursor: str | None = strawberry.field(description="The first item's cursor, null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last item's cursor, null on an empty page.")
    previous: strawberry.Private[Known]
    next: strawberry.Private[Known]

    @strawberry.field(description="Whether the list has items before this page.")
    async def has_previous_page(self) -> bool:
        """Known from the page, or looked up now."""
        return self.previous if isinstance(self.previous, bool) else await self.previous()

    @strawberry.field(description="Whether the list has items after this page.")
    async def has_next_page(self) -> bool:
        """Known from the page, or looked up now."""
        return self.next if isinstance(self.next, bool) else await self.next()


@strawberry.type(description="An item of a page and its place in the list.")
class Edge(Generic[T]):
    """Relay's edge."""

    cursor: str = strawberry.field(description="Opaque; works as `after` and `before` of the same list and sorting.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's connection."""

    edges: list[Edge[T]] = strawberry.field(description="The items of the page, in the order of the list.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(
        description="How many items the whole list has. Counted when asked for: leave it out when not used."
    )
    async def total_count(self) -> int:
        """The number of items on all pages."""
        return await self.count()


@dataclass(frozen=True, slots=True)
class PageArguments:
    """Checked arguments of a connection: `size` items from the start, or from the end if `backward`."""

    size: int
    backward: bool
    after: str | None
    before: str | None

    @classmethod
    def of(
        cls, first: int | None = None, after: str | None = None, last: int | None = None, before: str | None = None
    ) -> "PageArguments":
        """Read `first`, `after`, `last` and `before` as a client sent them.

        Raises:
            BadUserInput: both or out of range.
        """
        if first is not None and last is not None:
            raise BadUserInput("last", "give either first or last, not both")
        for argument, size in (("first", first), ("last", last)):
            if size is not None and not 1 <= size <= LARGEST_PAGE:
                raise BadUserInput(argument, f"must be 1 to {LARGEST_PAGE}, not {size}")
        # the list of the items before a cursor, without a size: the nearest ones are meant
        backward = last is not None or (first is None and before is not None and after is None)
        return cls(first or last or DEFAULT_PAGE, backward, after, before)


async def paginate(source: Source[R], page: PageArguments, ordering: Ordering, node: Callable[[R], T]) -> Connection[T]:
    """One page of a list; `node` makes the GraphQL object of a row.

    Raises:
        BadUserInput: a cursor that is none, or one of another sorting.
    """
    after = read_cursor(ordering, page.after, "after") if page.after is not None else None
    before = read_cursor(ordering, page.before, "before") if page.before is not None else None
    rows = list(await source.rows(ordering, after, before, limit=page.size + 1, backward=page.backward))
    more = len(rows) > page.size
    rows = rows[: page.size]
    if page.backward:
        rows.reverse()
    places = [source.place(ordering, row) for row in rows]
    edges = [
        Edge(cursor=write_cursor(ordering, place), node=node(row)) for place, row in zip(places, rows, strict=True)
    ]
    previous: Known = (page.backward and more) or _outside(source, ordering, after, backward=True)
    following: Known = (more and not page.backward) or _outside(source, ordering, before, backward=False)
    info = PageInfo(
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
        previous=previous,
        next=following,
    )
    return Connection(edges=edges, page_info=info, count=source.count)


def _outside(source: Source[R], ordering: Ordering, bound: Place | None, *, backward: bool) -> Known:
    """Whether something is at a bound or beyond it: the cursor's own row is outside the page, if it still exists."""
    if bound is None:
        return False
    return lambda: source.reaches(ordering, bound, backward=backward)
