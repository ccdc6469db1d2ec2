"""Reading orders."""

from typing import Annotated

import strawberry
from strawberry.relay import GlobalID

from packhouse.orders import models, queries
from packhouse.orders.graphql.inputs import OrderFilter, OrderSort
from packhouse.orders.graphql.types import Hold, OrderType, order_line_node, order_object
from packhouse.web.context import Info
from packhouse.web.graphql.connection import (
    After,
    Before,
    Connection,
    First,
    Last,
    PageArguments,
    QuerySetSource,
    paginate,
)
from packhouse.web.graphql.errors import BadUserInput
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.nodes import reader

NODES = {
    "OrderLine": order_line_node,
    "Hold": reader(queries.holds_by_id, Hold.of),
}


@strawberry.type
class OrdersQueries:
    @strawberry.field(description="Orders of every channel.")
    async def orders(
        self,
        filter: Annotated[OrderFilter | None, strawberry.argument(description="Which orders.")] = None,
        sort: Annotated[OrderSort, strawberry.argument(description="In which order.")] = OrderSort.PLACED_AT_DESC,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[OrderType]:
        page = PageArguments.of(first, after, last, before)
        source = QuerySetSource(queries.selected_orders((filter or OrderFilter()).selection()))
        return await paginate(source, page, sort.ordering, order_object)

    @strawberry.field(
        description="One order: by `id`, by `number` and `channel`, or by `externalId` and `channel`. Null if none is."
    )
    async def order(
        self,
        info: Info,
        id: Annotated[GlobalID | None, strawberry.argument(description="Its global id.")] = None,
        number: Annotated[str | None, strawberry.argument(description="Its number; give `channel` too.")] = None,
        external_id: Annotated[
            str | None, strawberry.argument(description="The channel's own id of it; give `channel` too.")
        ] = None,
        channel: Annotated[str | None, strawberry.argument(description="Code of its channel.")] = None,
    ) -> OrderType | None:
        row = await _one_order(info, id, number, external_id, channel)
        return None if row is None else order_object(row)


async def _one_order(
    info: Info, id_: GlobalID | None, number: str | None, external_id: str | None, channel: str | None
) -> models.Order | None:
    named = {"id": id_, "number": number, "externalId": external_id}
    names = [name for name, value in named.items() if value is not None]
    if len(names) != 1:
        raise BadUserInput(names[1] if names else "id", "name the order by one of id, number and externalId")
    if id_ is not None:
        return await info.context.loaders.one(queries.orders_by_id, node_id(id_, "Order", "id"))
    if channel is None:
        raise BadUserInput("channel", f"{names[0]} is only unique within a channel: say which")
    if number is not None:
        return await models.Order.get_or_none(channel=channel, number=number)
    return await models.Order.get_or_none(channel=channel, external_id=external_id or None)
