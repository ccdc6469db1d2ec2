"""Goods on their way to a location, and what stock adds to a variant."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.catalog.graphql.types import VariantRecord, VariantType, variant_of
from packhouse.inventory import models, queries
from packhouse.inventory.graphql.locations import Location, location_of
from packhouse.inventory.graphql.stock import StockLevel
from packhouse.inventory.states import InboundStatus
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose

expose(InboundStatus)


@strawberry.type(description="Units of a variant in an inbound shipment.")
class InboundLine:
    variant_id: strawberry.Private[UUID]
    sku: str = strawberry.field(description="The SKU.")
    expected: int = strawberry.field(description="Units that were announced.")
    received: int = strawberry.field(description="Units that have come, which may be more.")

    @classmethod
    def of(cls, row: models.InboundLine) -> "InboundLine":
        """The line of a row."""
        return cls(variant_id=row.variant_id, sku=row.sku, expected=row.expected, received=row.received)

    @strawberry.field(description="What comes.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.variant_id)


@strawberry.type(description="Goods on their way to a location, from a supplier or from another location of ours.")
class InboundShipment(relay.Node):
    id: relay.NodeID[UUID]
    location_id: strawberry.Private[UUID]
    from_location_id: strawberry.Private[UUID | None]
    supplier: str | None = strawberry.field(description="Who sends them; null for a transfer between our locations.")
    reference: str | None = strawberry.field(description="The purchase order or delivery note.")
    status: InboundStatus = strawberry.field(description="How far they have come.")
    expected_at: datetime | None = strawberry.field(description="When they are expected.")
    created_at: datetime = strawberry.field(description="When they were announced or sent.")
    closed_at: datetime | None = strawberry.field(description="Since when nothing more comes.")

    @classmethod
    def of(cls, row: models.InboundShipment) -> "InboundShipment":
        """The inbound shipment of a row."""
        return cls(
            id=row.id,
            location_id=row.location_id,
            from_location_id=row.from_location_id,
            supplier=row.supplier or None,
            reference=row.reference or None,
            status=InboundStatus(row.status),
            expected_at=row.expected_at,
            created_at=row.created_at,
            closed_at=row.closed_at,
        )

    @strawberry.field(description="Where they go.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)

    @strawberry.field(description="Which location of ours sent them; null where a supplier did.")
    async def from_location(self, info: Info) -> Location | None:
        return None if self.from_location_id is None else await location_of(info, self.from_location_id)

    @strawberry.field(description="What they are, by SKU.")
    async def lines(self, info: Info) -> list[InboundLine]:
        return [InboundLine.of(row) for row in await info.context.loaders.many(queries.lines_of_inbound, self.id)]


@strawberry.type(description="Units that are expected at a location.")
class Arrival:
    units: int = strawberry.field(description="Units that have not come yet.")
    expected_at: datetime | None = strawberry.field(description="When they are expected; null: nobody said.")
    inbound_shipment: InboundShipment = strawberry.field(description="What brings them.")


@strawberry.type(description="What stock adds to a variant.")
class VariantStock(VariantRecord):
    @strawberry.field(description="Its balances, one entry for each location that ever held it.")
    async def stock(self, info: Info) -> list[StockLevel]:
        return [StockLevel.of(row) for row in await info.context.loaders.many(queries.stock_of_variants, self.id)]

    @strawberry.field(
        description="What can be sold now, summed over all locations; of a bundle, what its components make."
    )
    async def available_to_promise(self, info: Info) -> int:
        if self.is_bundle:
            return await info.context.loaders.one(queries.available_of_bundles, self.id) or 0
        rows = await info.context.loaders.many(queries.stock_of_variants, self.id)
        return sum(StockLevel.of(row).available_to_promise for row in rows)

    @strawberry.field(description="What is on its way to us, the next arrival first, those without a date last.")
    async def arrivals(self, info: Info) -> list[Arrival]:
        return [
            Arrival(
                units=row.expected - row.received,
                expected_at=row.inbound.expected_at,
                inbound_shipment=InboundShipment.of(row.inbound),
            )
            for row in await info.context.loaders.many(queries.arrivals_of_variants, self.id)
        ]
