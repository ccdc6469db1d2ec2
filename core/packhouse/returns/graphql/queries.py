"""Reading returns."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.orders.graphql.types import order_row
from packhouse.returns import models, queries
from packhouse.returns.graphql.inputs import ReturnFilter
from packhouse.returns.graphql.types import Return, ReturnInspection, ReturnLine
from packhouse.web.context import Info
from packhouse.web.graphql.connection import (
    After,
    Before,
    Connection,
    First,
    Last,
    Ordering,
    PageArguments,
    QuerySetSource,
    paginate,
)
from packhouse.web.graphql.nodes import reader


async def _return_line(info: Info, id_: UUID) -> ReturnLine | None:
    row = await info.context.loaders.one(queries.return_lines_by_id, id_)
    parent = None if row is None else await info.context.loaders.one(queries.returns_by_id, row.return_request_id)
    if row is None or parent is None:
        return None
    return ReturnLine.of(row, (await order_row(info, parent.order_id)).currency)


NODES = {
    "Return": reader(queries.returns_by_id, Return.of),
    "ReturnLine": _return_line,
    "ReturnInspection": reader(queries.inspections_by_id, ReturnInspection.of),
}
# Ids are made in the order of time, so both orders mean the same; each is the one that an index serves.
_BY_ID = Ordering("ID", "id", UUID)
_OLDEST = Ordering("REQUESTED_AT", "requested_at", datetime)


@strawberry.type
class ReturnsQueries:
    @strawberry.field(description="Returns, oldest first.")
    async def returns(
        self,
        filter: Annotated[ReturnFilter | None, strawberry.argument(description="Which returns.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Return]:
        conditions = (filter or ReturnFilter()).conditions()
        page = PageArguments.of(first, after, last, before)
        ordering = _OLDEST if "status" in conditions else _BY_ID
        return await paginate(QuerySetSource(models.Return.filter(**conditions)), page, ordering, Return.of)
