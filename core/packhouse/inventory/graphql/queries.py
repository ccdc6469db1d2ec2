"""Reading locations and stock."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.catalog.models import Variant
from packhouse.inventory import models, queries
from packhouse.inventory.graphql.arrivals import InboundShipment
from packhouse.inventory.graphql.inputs import StockLevelFilter, StockMovementFilter
from packhouse.inventory.graphql.locations import Location
from packhouse.inventory.graphql.reservations import Reservation
from packhouse.inventory.graphql.stock import StockBalance, StockLevel, StockMovement
from packhouse.inventory.ledger import balances_as_of
from packhouse.inventory.states import InboundStatus, ReservationStatus
from packhouse.sdk import now
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

NODES = {
    "Location": reader(queries.locations_by_id, Location.of),
    "StockLevel": reader(queries.stock_levels_by_id, StockLevel.of),
    "InboundShipment": reader(queries.inbound_shipments_by_id, InboundShipment.of),
    "Reservation": reader(queries.reservations_by_id, Reservation.of),
    "StockMovement": reader(queries.stock_movements_by_id, StockMovement.of),
}
_BY_CODE = Ordering("CODE", "code", str)
_BY_ID = Ordering("ID", "id", UUID)
_NEWEST_ANNOUNCED = Ordering("CREATED_AT_DESC", "created_at", datetime, descending=True)
_BY_DEADLINE = Ordering("EXPIRES_AT", "expires_at", datetime)
_NEWEST = Ordering("OCCURRED_AT_DESC", "occurred_at", datetime, descending=True)


@strawberry.type
class InventoryQueries:
    @strawberry.field(description="Places that hold stock, by code.")
    async def locations(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Location]:
        page = PageArguments.of(first, after, last, before)
        return await paginate(QuerySetSource(models.Location.all()), page, _BY_CODE, Location.of)

    @strawberry.field(description="A location by its code; null where there is none.")
    async def location(
        self, code: Annotated[str, strawberry.argument(description="The location's own code.")]
    ) -> Location | None:
        row = await models.Location.get_or_none(code=code)
        return None if row is None else Location.of(row)

    @strawberry.field(description="Balances, one for each variant and location that ever held it.")
    async def stock_levels(
        self,
        filter: Annotated[StockLevelFilter | None, strawberry.argument(description="Which balances.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[StockLevel]:
        page = PageArguments.of(first, after, last, before)
        source = QuerySetSource(models.StockLevel.filter(**(filter or StockLevelFilter()).conditions()))
        return await paginate(source, page, _BY_ID, StockLevel.of)

    @strawberry.field(description="Goods on their way to us, or that were, of one status; announced last comes first.")
    async def inbound_shipments(
        self,
        status: Annotated[InboundStatus, strawberry.argument(description="Of this status.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[InboundShipment]:
        page = PageArguments.of(first, after, last, before)
        source = QuerySetSource(models.InboundShipment.filter(status=status.value))
        return await paginate(source, page, _NEWEST_ANNOUNCED, InboundShipment.of)

    @strawberry.field(description="Reservations of one status, the earliest deadline first.")
    async def reservations(
        self,
        status: Annotated[ReservationStatus, strawberry.argument(description="Of this status.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Reservation]:
        page = PageArguments.of(first, after, last, before)
        source = QuerySetSource(models.Reservation.filter(status=status.value))
        return await paginate(source, page, _BY_DEADLINE, Reservation.of)

    @strawberry.field(
        description="The balances of a variant as they were at any moment, one for each location; from the ledger."
    )
    async def stock(
        self,
        info: Info,
        sku: Annotated[str, strawberry.argument(description="SKU of the variant; none has an unknown one.")],
        as_of: Annotated[datetime | None, strawberry.argument(description="The moment; left out: now.")] = None,
    ) -> list[StockBalance]:
        variant = await Variant.get_or_none(sku=sku)
        if variant is None:
            return []
        moment = as_of or now()
        return [
            StockBalance.of(each, moment) for each in await balances_as_of(info.context.database, variant.id, moment)
        ]

    @strawberry.field(description="The ledger of a variant, newest first.")
    async def stock_movements(
        self,
        filter: Annotated[StockMovementFilter, strawberry.argument(description="Which entries.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[StockMovement]:
        page = PageArguments.of(first, after, last, before)
        source = QuerySetSource(models.StockMovement.filter(**filter.conditions()))
        return await paginate(source, page, _NEWEST, StockMovement.of)
