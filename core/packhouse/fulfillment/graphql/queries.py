"""Reading the work: what is to be picked and packed, and by whom."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.fulfillment import models, queries
from packhouse.fulfillment.graphql.inputs import FulfillmentOrderFilter, PickListFilter
from packhouse.fulfillment.graphql.types import (
    FulfillmentOrder,
    FulfillmentOrderLine,
    Parcel,
    ParcelItem,
    Pick,
    PickList,
)
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

NODES = {
    "FulfillmentOrder": reader(queries.fulfillment_orders_by_id, FulfillmentOrder.of),
    "FulfillmentOrderLine": reader(queries.fulfillment_order_lines_by_id, FulfillmentOrderLine.of),
    "PickList": reader(queries.pick_lists_by_id, PickList.of),
    "Pick": reader(queries.picks_by_id, Pick.of),
    "Parcel": reader(queries.parcels_by_id, Parcel.of),
    "ParcelItem": reader(queries.parcel_items_by_id, ParcelItem.of),
}
# Ids are made in the order of time, so both orders mean the same; each is the one that an index serves.
_BY_ID = Ordering("ID", "id", UUID)
_OLDEST = Ordering("CREATED_AT", "created_at", datetime)


@strawberry.type
class FulfillmentQueries:
    @strawberry.field(description="The work of locations, oldest first.")
    async def fulfillment_orders(
        self,
        filter: Annotated[FulfillmentOrderFilter | None, strawberry.argument(description="Which work.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[FulfillmentOrder]:
        conditions = (filter or FulfillmentOrderFilter()).conditions()
        page = PageArguments.of(first, after, last, before)
        ordering = _OLDEST if "status" in conditions else _BY_ID
        source = QuerySetSource(models.FulfillmentOrder.filter(**conditions))
        return await paginate(source, page, ordering, FulfillmentOrder.of)

    @strawberry.field(description="Pickers' rounds, oldest first.")
    async def pick_lists(
        self,
        filter: Annotated[PickListFilter | None, strawberry.argument(description="Which rounds.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PickList]:
        conditions = (filter or PickListFilter()).conditions()
        page = PageArguments.of(first, after, last, before)
        ordering = _OLDEST if {"location_id", "status"} <= set(conditions) else _BY_ID
        return await paginate(QuerySetSource(models.PickList.filter(**conditions)), page, ordering, PickList.of)
