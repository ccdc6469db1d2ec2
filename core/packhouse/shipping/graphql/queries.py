"""Reading shipments."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.shipping import models, queries
from packhouse.shipping.graphql.inputs import ShipmentFilter
from packhouse.shipping.graphql.types import DeliveryPromise, Shipment, ShipmentLine, TrackingEvent
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
    "Shipment": reader(queries.shipments_by_id, Shipment.of),
    "ShipmentLine": reader(queries.shipment_lines_by_id, ShipmentLine.of),
    "TrackingEvent": reader(queries.tracking_events_by_id, TrackingEvent.of),
    "DeliveryPromise": reader(queries.promises_by_id, DeliveryPromise.of),
}
# Ids are made in the order of time, so both orders mean the same; each is the one that an index serves.
_BY_ID = Ordering("ID", "id", UUID)
_OLDEST = Ordering("CREATED_AT", "created_at", datetime)


@strawberry.type
class ShippingQueries:
    @strawberry.field(description="Parcels, oldest first.")
    async def shipments(
        self,
        filter: Annotated[ShipmentFilter | None, strawberry.argument(description="Which shipments.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Shipment]:
        conditions = (filter or ShipmentFilter()).conditions()
        page = PageArguments.of(first, after, last, before)
        ordering = _OLDEST if "status" in conditions else _BY_ID
        return await paginate(QuerySetSource(models.Shipment.filter(**conditions)), page, ordering, Shipment.of)
