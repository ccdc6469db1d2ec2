"""Units held for checkouts."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.catalog.graphql.types import VariantType, variant_of
from packhouse.inventory import models, queries
from packhouse.inventory.graphql.locations import Location, location_of
from packhouse.inventory.states import ReservationStatus
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose

expose(ReservationStatus)


@strawberry.type(description="Units of a variant at a location that a reservation holds while it is active.")
class ReservationLine:
    variant_id: strawberry.Private[UUID]
    location_id: strawberry.Private[UUID]
    quantity: int = strawberry.field(description="Units.")

    @strawberry.field(description="What is held.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.variant_id)

    @strawberry.field(description="Where it is held.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)


@strawberry.type(description="Units held for a checkout until a deadline.")
class Reservation(relay.Node):
    id: relay.NodeID[UUID]
    status: ReservationStatus = strawberry.field(description="Whether it still holds its units, and if not, why.")
    expires_at: datetime = strawberry.field(
        description="The deadline. Afterwards whoever needs the units gets them; until then, or as long as nobody does, it holds."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    ended_at: datetime | None = strawberry.field(description="When it stopped holding its units.")

    @classmethod
    def of(cls, row: models.Reservation) -> "Reservation":
        """The reservation of a row."""
        return cls(
            id=row.id,
            status=ReservationStatus(row.status),
            expires_at=row.expires_at,
            created_at=row.created_at,
            ended_at=row.ended_at,
        )

    @strawberry.field(description="What it holds, or held, and where.")
    async def lines(self, info: Info) -> list[ReservationLine]:
        rows = await info.context.loaders.many(queries.lines_of_reservations, self.id)
        return [
            ReservationLine(variant_id=row.variant_id, location_id=row.location_id, quantity=row.quantity)
            for row in rows
        ]
