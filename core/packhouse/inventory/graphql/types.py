"""Locations, balances and the ledger."""

from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.catalog.graphql.types import VariantRecord, VariantType, variant_of
from packhouse.inventory import models, queries
from packhouse.inventory.calendars import Calendar, calendar_from_json
from packhouse.inventory.ledger import Balance
from packhouse.inventory.rules import available_to_promise
from packhouse.inventory.states import InboundStatus, LocationKind, MovementKind, ReservationStatus, StockCondition
from packhouse.sdk import InvalidValue
from packhouse.web.context import Info
from packhouse.web.graphql.address import Address
from packhouse.web.graphql.enums import expose

if TYPE_CHECKING:
    from packhouse.inventory.graphql.lots import StockHolding

HoldingType = Annotated["StockHolding", strawberry.lazy("packhouse.inventory.graphql.lots")]

expose(InboundStatus, LocationKind, MovementKind, ReservationStatus, StockCondition)


@strawberry.type(description="When a location works, by its own clocks.")
class LocationCalendar:
    time_zone: str = strawberry.field(description="Name in the tz database.")
    cut_off: str = strawberry.field(description="An order given out before this time is work of the same day.")
    handling_days: int = strawberry.field(description="Working days from the day it is given out to the day it leaves.")
    working_days: list[int] = strawberry.field(description="Days of the week, Monday 1 to Sunday 7.")
    holidays: list[date] = strawberry.field(description="Days on which nobody works.")

    @classmethod
    def of(cls, calendar: Calendar) -> "LocationCalendar":
        """A calendar as people see it."""
        return cls(
            time_zone=calendar.time_zone,
            cut_off=calendar.cut_off,
            handling_days=calendar.handling_days,
            working_days=sorted(calendar.days.weekdays),
            holidays=sorted(calendar.days.holidays),
        )


@strawberry.type(description="A place that holds stock and sends it.")
class Location(relay.Node):
    id: relay.NodeID[UUID]
    code: str = strawberry.field(description="The location's own code, unique.")
    name: str = strawberry.field(description="The name for people.")
    kind: LocationKind = strawberry.field(description="Who runs it and what it is for.")
    network: str | None = strawberry.field(description="Code of the fulfilment network that runs it; null: our own.")
    address: Address | None = strawberry.field(description="Where parcels are sent from.")
    priority: int = strawberry.field(description="Preference when several could send: the lowest goes first.")
    group: str | None = strawberry.field(description="A name that it may share with others, for routing rules.")
    calendar: LocationCalendar | None = strawberry.field(description="When it works; null: nobody said.")
    is_active: bool = strawberry.field(description="Whether new work is given to it.")
    is_demo: bool = strawberry.field(description="Whether it was made by the demo.")
    created_at: datetime = strawberry.field(description="When it was created.")

    @classmethod
    def of(cls, row: models.Location) -> "Location":
        """The location of a row."""
        return cls(
            id=row.id,
            code=row.code,
            name=row.name,
            kind=LocationKind(row.kind),
            network=row.network or None,
            address=Address.of_optional(row.address),
            priority=row.priority,
            group=row.group or None,
            calendar=None if row.calendar is None else LocationCalendar.of(calendar_from_json(row.calendar)),
            is_active=row.is_active,
            is_demo=row.is_demo,
            created_at=row.created_at,
        )


async def location_of(info: Info, id_: UUID) -> Location:
    """The location that a row refers to.

    Raises:
        InvalidValue: there is none, which foreign keys rule out.
    """
    row = await info.context.loaders.one(queries.locations_by_id, id_)
    if row is None:
        raise InvalidValue("location", f"there is no location {id_}")
    return Location.of(row)


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
