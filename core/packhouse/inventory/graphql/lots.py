"""Bins and lots: describing them, moving units between bins, what is left of a lot."""

from collections.abc import Awaitable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.catalog.graphql.mutations import VariantPayload
from packhouse.catalog.graphql.types import VariantType, variant_object, variant_of
from packhouse.inventory import models, queries
from packhouse.inventory.commands.move_stock import AssignLot, MoveStock, assign_lot, move_stock
from packhouse.inventory.commands.set_bin import SetBin, set_bin
from packhouse.inventory.commands.set_lot_status import SetLotStatus, set_lot_status
from packhouse.inventory.commands.track_lots import TrackLots, track_lots
from packhouse.inventory.graphql.arrivals import InboundShipment
from packhouse.inventory.graphql.locations import Location, location_of
from packhouse.inventory.graphql.mutations import StockPayload
from packhouse.inventory.graphql.stock import StockLevel
from packhouse.inventory.states import BinKind, LotStatus
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
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.nodes import reader
from packhouse.web.graphql.payloads import UserError, attempt

expose(BinKind, LotStatus)

_BY_CODE = Ordering("CODE", "code", str)


@strawberry.type(description="A place on the shelves of a location.")
class Bin(relay.Node):
    id: relay.NodeID[UUID]
    location_id: strawberry.Private[UUID]
    code: str = strawberry.field(description="The bin's code, unique at its location.")
    sequence: int = strawberry.field(description="Where pickers come by: the lowest first, then by code.")
    kind: BinKind = strawberry.field(description="What it is for.")
    is_active: bool = strawberry.field(description="Whether something may be put into it.")

    @classmethod
    def of(cls, row: models.Bin) -> "Bin":
        """The bin of a row."""
        return cls(
            id=row.id,
            location_id=row.location_id,
            code=row.code,
            sequence=row.sequence,
            kind=BinKind(row.kind),
            is_active=row.is_active,
        )

    @strawberry.field(description="Where it is.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)


@strawberry.type(description="Units of a variant in one bin and of one lot.")
class StockHolding(relay.Node):
    id: relay.NodeID[UUID]
    location_id: strawberry.Private[UUID]
    bin: str | None = strawberry.field(description="The bin; null where nobody said.")
    lot: str | None = strawberry.field(description="The code of the lot; null where nobody said.")
    on_hand: int = strawberry.field(description="Everything that is physically there.")
    damaged: int = strawberry.field(description="There, but damaged.")
    quarantined: int = strawberry.field(description="There, but waiting for a decision.")

    @classmethod
    def of(cls, row: models.StockHolding) -> "StockHolding":
        """The units of a row."""
        return cls(
            id=row.id,
            location_id=row.location_id,
            bin=row.bin or None,
            lot=row.lot or None,
            on_hand=row.on_hand,
            damaged=row.damaged,
            quarantined=row.quarantined,
        )

    @strawberry.field(description="Where they are.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)


@strawberry.type(description="Units of a variant that were made together.")
class Lot(relay.Node):
    id: relay.NodeID[UUID]
    variant_id: strawberry.Private[UUID]
    inbound_id: strawberry.Private[UUID | None]
    code: str = strawberry.field(description="The lot's code, unique for its variant.")
    expires_on: date | None = strawberry.field(description="The last day on which its units are good.")
    status: LotStatus = strawberry.field(description="Whether its units may be sold.")
    reason: str | None = strawberry.field(description="Why it was put in quarantine or recalled.")
    created_at: datetime = strawberry.field(description="When its first units came.")
    recalled_at: datetime | None = strawberry.field(description="When it was recalled.")

    @classmethod
    def of(cls, row: models.Lot) -> "Lot":
        """The lot of a row."""
        return cls(
            id=row.id,
            variant_id=row.variant_id,
            inbound_id=row.inbound_id,
            code=row.code,
            expires_on=row.expires_on,
            status=LotStatus(row.status),
            reason=row.reason or None,
            created_at=row.created_at,
            recalled_at=row.recalled_at,
        )

    @strawberry.field(description="What it is of.")
    async def variant(self, info: Info) -> VariantType:
        return await variant_of(info, self.variant_id)

    @strawberry.field(description="What brought its first units; null where they were not received with one.")
    async def inbound_shipment(self, info: Info) -> InboundShipment | None:
        if self.inbound_id is None:
            return None
        row = await info.context.loaders.one(queries.inbound_shipments_by_id, self.inbound_id)
        return InboundShipment.of(row) if row else None

    @strawberry.field(description="What is left of it, by location and bin.")
    async def remaining(self, info: Info) -> list[StockHolding]:
        return [StockHolding.of(row) for row in await info.context.loaders.many(queries.remaining_of_lots, self.id)]


NODES = {
    "Bin": reader(queries.bins_by_id, Bin.of),
    "Lot": reader(queries.lots_by_id, Lot.of),
    "StockHolding": reader(queries.holdings_by_id, StockHolding.of),
}


@strawberry.type
class LotQueries:
    @strawberry.field(description="The bins of a location that are described, by code.")
    async def bins(
        self,
        location_id: Annotated[relay.GlobalID, strawberry.argument(description="The location.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Bin]:
        page = PageArguments.of(first, after, last, before)
        source = QuerySetSource(models.Bin.filter(location_id=node_id(location_id, "Location", "locationId")))
        return await paginate(source, page, _BY_CODE, Bin.of)

    @strawberry.field(description="A lot by its variant's SKU and its own code; null where there is none.")
    async def lot(
        self,
        sku: Annotated[str, strawberry.argument(description="SKU of the variant.")],
        code: Annotated[str, strawberry.argument(description="The lot's code.")],
    ) -> Lot | None:
        row = await models.Lot.get_or_none(variant__sku=sku, code=code)
        return None if row is None else Lot.of(row)

    @strawberry.field(description="The lots of a variant, by code.")
    async def lots(
        self,
        sku: Annotated[str, strawberry.argument(description="SKU of the variant.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Lot]:
        page = PageArguments.of(first, after, last, before)
        source = QuerySetSource(models.Lot.filter(variant__sku=sku))
        return await paginate(source, page, _BY_CODE, Lot.of)


@strawberry.input(description="A bin of a location.")
class SetBinInput:
    location_id: relay.GlobalID = strawberry.field(description="The location.")
    code: str = strawberry.field(description="The bin's code, unique at its location.")
    sequence: int = strawberry.field(default=0, description="Where pickers come by: the lowest first, then by code.")
    kind: BinKind = strawberry.field(default=BinKind.PICK_FACE, description="What it is for.")
    is_active: bool = strawberry.field(default=True, description="Whether something may be put into it.")


@strawberry.type(description="The bin that was described.")
class BinPayload:
    bin: Bin | None = strawberry.field(description="The bin; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="Whether a variant is tracked by lot.")
class TrackLotsInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    is_tracked: bool = strawberry.field(default=True, description="Whether its units come with a lot from now on.")
    minimum_days: int = strawberry.field(
        default=0, description="Days of shelf life that units must have left when they are sold."
    )


@strawberry.input(description="Units that go from one bin to another.")
class MoveStockInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    location_id: relay.GlobalID = strawberry.field(description="The location.")
    quantity: int = strawberry.field(description="Units.")
    from_bin: str = strawberry.field(description="The bin they are in; empty: none.")
    to_bin: str = strawberry.field(description="The bin they go to.")
    reason: str = strawberry.field(description="Why, for the ledger.")
    lot: str = strawberry.field(default="", description="Only units of this lot.")


@strawberry.input(description="Units without a lot, and the one that they are of.")
class AssignLotInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    location_id: relay.GlobalID = strawberry.field(description="The location.")
    quantity: int = strawberry.field(description="Units.")
    bin: str = strawberry.field(description="The bin they are in; empty: none.")
    lot: str = strawberry.field(description="The code of the lot.")
    reason: str = strawberry.field(description="Why, for the ledger.")
    expires_on: date | None = strawberry.field(default=None, description="The last day on which the lot is good.")


@strawberry.input(description="A lot whose status changes, and why.")
class LotReasonInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    code: str = strawberry.field(description="The lot's code.")
    reason: str = strawberry.field(description="Why, for the ledger and for whoever hears of it.")


@strawberry.type(description="The lot that was changed.")
class LotPayload:
    lot: Lot | None = strawberry.field(description="The lot; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="Changes of bins and lots.")
class LotMutations:
    @strawberry.mutation(
        description="Describe a bin, a new one or one that is known. A location with bins takes no other codes."
    )
    async def set_bin(self, info: Info, input: SetBinInput) -> BinPayload:
        async def change() -> models.Bin:
            location_id = node_id(input.location_id, "Location", "locationId")
            data = SetBin(location_id, input.code, input.sequence, input.kind, input.is_active)
            return await info.context.write(lambda uow: set_bin(uow, data))

        row, errors = await attempt(change())
        return BinPayload(bin=Bin.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Track a variant by lot, with the shelf life that buyers shall have; or no more.")
    async def track_lots(self, info: Info, input: TrackLotsInput) -> VariantPayload:
        data = TrackLots(input.sku, input.is_tracked, input.minimum_days)
        row, errors = await attempt(info.context.write(lambda uow: track_lots(uow, data)))
        return VariantPayload(variant=variant_object(row) if row else None, user_errors=errors)

    @strawberry.mutation(
        description="Move units from one bin to another; in one for quarantine they are in quarantine."
    )
    async def move_stock(self, info: Info, input: MoveStockInput) -> StockPayload:
        async def change() -> models.StockLevel:
            data = MoveStock(
                sku=input.sku,
                location_id=node_id(input.location_id, "Location", "locationId"),
                quantity=input.quantity,
                from_bin=input.from_bin,
                to_bin=input.to_bin,
                reason=input.reason,
                lot=input.lot,
            )
            return await info.context.write(lambda uow: move_stock(uow, data))

        return await _stock(change())

    @strawberry.mutation(description="Say of which lot units are that have none.")
    async def assign_lot(self, info: Info, input: AssignLotInput) -> StockPayload:
        async def change() -> models.StockLevel:
            data = AssignLot(
                sku=input.sku,
                location_id=node_id(input.location_id, "Location", "locationId"),
                quantity=input.quantity,
                bin=input.bin,
                lot=input.lot,
                reason=input.reason,
                expires_on=input.expires_on,
            )
            return await info.context.write(lambda uow: assign_lot(uow, data))

        return await _stock(change())

    @strawberry.mutation(
        description="Recall a lot: what is left of it is in quarantine at once, and orders that were to get some get others."
        " `lotRecipients` names who received it."
    )
    async def recall_lot(self, info: Info, input: LotReasonInput) -> LotPayload:
        return await _change(info, input, LotStatus.RECALLED)

    @strawberry.mutation(description="Put a lot in quarantine, until it is released or recalled.")
    async def quarantine_lot(self, info: Info, input: LotReasonInput) -> LotPayload:
        return await _change(info, input, LotStatus.QUARANTINED)

    @strawberry.mutation(description="Release a lot: what was in quarantine of it may be sold again.")
    async def release_lot(self, info: Info, input: LotReasonInput) -> LotPayload:
        return await _change(info, input, LotStatus.RELEASED)


async def _change(info: Info, input: LotReasonInput, to: LotStatus) -> LotPayload:
    data = SetLotStatus(input.sku, input.code, to, input.reason)
    row, errors = await attempt(info.context.write(lambda uow: set_lot_status(uow, data)))
    return LotPayload(lot=Lot.of(row) if row else None, user_errors=errors)


async def _stock(change: Awaitable[models.StockLevel]) -> StockPayload:
    row, errors = await attempt(change)
    return StockPayload(stock_level=StockLevel.of(row) if row else None, user_errors=errors)
