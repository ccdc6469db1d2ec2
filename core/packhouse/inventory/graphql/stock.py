"""Balances and the ledger."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.catalog.graphql.types import VariantType, variant_of
from packhouse.inventory import models, queries
from packhouse.inventory.graphql.locations import Location, location_of
from packhouse.inventory.ledger import Balance
from packhouse.inventory.rules import available_to_promise
from packhouse.inventory.states import MovementKind, StockCondition
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose

if TYPE_CHECKING:
    from packhouse.inventory.graphql.lots import StockHolding

HoldingType = Annotated["StockHolding", strawberry.lazy("packhouse.inventory.graphql.lots")]

expose(MovementKind, StockCondition)


@strawberry.type(description="The balances of a variant at a location, in units.")
class StockLevel(relay.Node):
    id: relay.NodeID[UUID]
    variant_id: strawberry.Private[UUID]
    location_id: strawberry.Private[UUID]
    bin: str | None = strawberry.field(description="Where it lies at the location.")
    on_hand: int = strawberry.field(description="Everything that is physically there.")
    allocated: int = strawberry.field(description="Claimed by placed orders.")
    reserved: int = strawberry.field(description="Held for checkouts that are not finished.")
    damaged: int = strawberry.field(description="There, but damaged.")
    quarantined: int = strawberry.field(description="There, but waiting for a decision.")
    safety_stock: int = strawberry.field(description="Kept back from sale.")
    incoming: int = strawberry.field(description="Announced, not yet there.")
    backordered: int = strawberry.field(description="Promised to orders that wait: they are given what comes first.")
    backorder_limit: int = strawberry.field(description="Units that may wait at one time.")
    preorder_limit: int = strawberry.field(
        description="Units that may wait at one time before the variant is available."
    )
    available_to_promise: int = strawberry.field(
        description="What can be sold now: on hand less allocated, reserved, damaged, quarantined, safety stock and what "
        "orders wait for."
    )

    @classmethod
    def of(cls, row: models.StockLevel) -> "StockLevel":
        """The balances of a row."""
        return cls(
            id=row.id,
            variant_id=row.variant_id,
            location_id=row.location_id,
            bin=row.bin or None,
            on_hand=row.on_hand,
            allocated=row.allocated,
            reserved=row.reserved,
            damaged=row.damaged,
            quarantined=row.quarantined,
            safety_stock=row.safety_stock,
            incoming=row.incoming,
            backordered=row.backordered,
            backorder_limit=row.backorder_limit,
            preorder_limit=row.preorder_limit,
            available_to_promise=_available(row),
        )

    @strawberry.field(description="What lies there.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.variant_id)

    @strawberry.field(description="Where it lies.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)

    @strawberry.field(description="Its units by bin and lot, where it is kept by them; else all of it lies in `bin`.")
    async def holdings(self, info: Info) -> list[HoldingType]:
        from packhouse.inventory.graphql.lots import StockHolding  # noqa: PLC0415  (that module needs these types)

        key = (self.variant_id, self.location_id)
        return [StockHolding.of(row) for row in await info.context.loaders.many(queries.holdings_of_levels, key)]


@strawberry.type(
    description="The balances of a variant at a location as they were at a moment, in units; from the ledger."
)
class StockBalance:
    variant_id: strawberry.Private[UUID]
    location_id: strawberry.Private[UUID]
    as_of: datetime = strawberry.field(description="The moment.")
    on_hand: int = strawberry.field(description="Everything that was physically there.")
    allocated: int = strawberry.field(description="Claimed by placed orders.")
    reserved: int = strawberry.field(description="Held for checkouts that were not finished.")
    damaged: int = strawberry.field(description="There, but damaged.")
    quarantined: int = strawberry.field(description="There, but waiting for a decision.")
    safety_stock: int = strawberry.field(description="Kept back from sale.")
    incoming: int = strawberry.field(description="Announced, not yet there.")
    backordered: int = strawberry.field(description="Promised to orders that waited.")
    available_to_promise: int = strawberry.field(description="What could be sold then.")

    @classmethod
    def of(cls, balance: Balance, moment: datetime) -> "StockBalance":
        """The balances at a moment."""
        return cls(**asdict(balance), as_of=moment, available_to_promise=_available(balance))

    @strawberry.field(description="What lay there.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.variant_id)

    @strawberry.field(description="Where it lay.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)


def _available(row: models.StockLevel | Balance) -> int:
    buckets = (row.on_hand, row.allocated, row.reserved, row.damaged, row.quarantined, row.safety_stock)
    return max(0, available_to_promise(*buckets, backordered=row.backordered))


@strawberry.type(description="One change of the balances of a variant at a location; never changed, never deleted.")
class StockMovement(relay.Node):
    id: relay.NodeID[UUID]
    variant_id: strawberry.Private[UUID]
    location_id: strawberry.Private[UUID]
    kind: MovementKind = strawberry.field(description="What was done.")
    on_hand: int = strawberry.field(description="Change of the units on hand.")
    allocated: int = strawberry.field(description="Change of the units allocated.")
    reserved: int = strawberry.field(description="Change of the units reserved.")
    damaged: int = strawberry.field(description="Change of the damaged units.")
    quarantined: int = strawberry.field(description="Change of the units in quarantine.")
    safety_stock: int = strawberry.field(description="Change of the units kept back from sale.")
    incoming: int = strawberry.field(description="Change of the units on their way to us.")
    backordered: int = strawberry.field(description="Change of the units that orders wait for.")
    reason: str = strawberry.field(description="Why, in the words of whoever did it.")
    reference: str | None = strawberry.field(description="What for: a shipment, a return, a count.")
    actor: str = strawberry.field(description="Who or what did it.")
    occurred_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: models.StockMovement) -> "StockMovement":
        """The ledger entry of a row."""
        return cls(
            id=row.id,
            variant_id=row.variant_id,
            location_id=row.location_id,
            kind=MovementKind(row.kind),
            on_hand=row.on_hand,
            allocated=row.allocated,
            reserved=row.reserved,
            damaged=row.damaged,
            quarantined=row.quarantined,
            safety_stock=row.safety_stock,
            incoming=row.incoming,
            backordered=row.backordered,
            reason=row.reason,
            reference=row.reference or None,
            actor=row.actor,
            occurred_at=row.occurred_at,
        )

    @strawberry.field(description="What moved.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.variant_id)

    @strawberry.field(description="Where.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)
