"""Changing locations and stock."""

from collections.abc import Awaitable
from datetime import date

import strawberry
from strawberry import relay

from packhouse.catalog.graphql.mutations import VariantPayload
from packhouse.catalog.graphql.types import variant_object
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.create_location import CreateLocation, create_location
from packhouse.inventory.commands.extend_reservation import DEFAULT_SECONDS, ExtendReservation, extend_reservation
from packhouse.inventory.commands.reclassify_stock import ReclassifyStock, reclassify_stock
from packhouse.inventory.commands.release_reservation import release_reservation
from packhouse.inventory.commands.set_backorder_terms import SetBackorderTerms, set_backorder_terms
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.commands.set_location_active import SetLocationActive, set_location_active
from packhouse.inventory.graphql.locations import Location
from packhouse.inventory.graphql.reservations import Reservation
from packhouse.inventory.graphql.stock import StockLevel
from packhouse.inventory.models import Reservation as ReservationRow
from packhouse.inventory.models import StockLevel as StockLevelRow
from packhouse.inventory.states import LocationKind, StockCondition
from packhouse.sdk import Address
from packhouse.web.context import Info
from packhouse.web.graphql.address import AddressInput
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="A location to create.")
class CreateLocationInput:
    code: str = strawberry.field(description="The location's code, unique.")
    name: str = strawberry.field(description="The name for people.")
    kind: LocationKind = strawberry.field(default=LocationKind.WAREHOUSE, description="Who runs it and what it is for.")
    network: str = strawberry.field(
        default="", description="Code of the fulfilment network that runs it; empty for our own."
    )
    address: AddressInput | None = strawberry.field(default=None, description="Where parcels are sent from.")
    priority: int = strawberry.field(default=100, description="The lower, the sooner it is asked to send.")
    group: str = strawberry.field(default="", description="A name that locations may share, for routing rules.")


@strawberry.input(description="A location to take out of use, or back in.")
class SetLocationActiveInput:
    location_id: relay.GlobalID = strawberry.field(description="The location.")
    is_active: bool = strawberry.field(description="Whether new work is given to it, and its stock is sold.")


@strawberry.type(description="The location that was created or changed.")
class LocationPayload:
    location: Location | None = strawberry.field(description="The location; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="A change of the stock on the shelf, with its reason.")
class AdjustStockInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    location_id: relay.GlobalID = strawberry.field(description="The location.")
    reason: str = strawberry.field(description="Why the stock changes, for the ledger.")
    quantity: int = strawberry.field(default=0, description="Units that came (above nothing) or went (below nothing).")
    counted: int | None = strawberry.field(
        default=None,
        description="Instead of `quantity`: the units that were counted; of the lot, where one is named, and in the bin, where"
        " the units lie in several.",
    )
    bin: str | None = strawberry.field(default=None, description="Where on the shelves it lies.")
    safety_stock: int | None = strawberry.field(default=None, description="Units that are never promised.")
    lot: str = strawberry.field(
        default="", description="The lot that the units are of; those of a variant that is tracked by lot need one."
    )
    expires_on: date | None = strawberry.field(
        default=None, description="The last day on which the lot is good, with its first units."
    )


@strawberry.input(description="Units on the shelf that are found in another condition.")
class ReclassifyStockInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    location_id: relay.GlobalID = strawberry.field(description="The location.")
    quantity: int = strawberry.field(description="Units.")
    from_: StockCondition = strawberry.field(name="from", description="What they were taken for.")
    to: StockCondition = strawberry.field(description="What they are.")
    reason: str = strawberry.field(description="Why, for the ledger.")
    bin: str | None = strawberry.field(default=None, description="Only units in this bin.")
    lot: str = strawberry.field(default="", description="Only units of this lot.")


@strawberry.input(description="How many units of a variant may be ordered at a location without being there.")
class SetBackorderTermsInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    location_id: relay.GlobalID = strawberry.field(description="The location.")
    limit: int | None = strawberry.field(
        default=None, description="Units that may wait at one time; 0: none, null: as it is."
    )
    preorder_limit: int | None = strawberry.field(
        default=None, description="The same as long as the variant is not available yet (`setPreorder`)."
    )


@strawberry.type(description="The stock that was changed.")
class StockPayload:
    stock_level: StockLevel | None = strawberry.field(description="The balances now; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="Units of a component in one unit of a bundle.")
class BundleComponentInput:
    sku: str = strawberry.field(description="SKU of the component.")
    quantity: int = strawberry.field(default=1, description="Units.")


@strawberry.input(description="A variant and all that it is made of.")
class SetBundleInput:
    sku: str = strawberry.field(description="SKU of the bundle.")
    components: list[BundleComponentInput] = strawberry.field(
        description="All its components; with none it is no bundle any more."
    )


@strawberry.input(description="A reservation that shall hold for longer.")
class ExtendReservationInput:
    reservation_id: relay.GlobalID = strawberry.field(description="The reservation.")
    seconds: int = strawberry.field(
        default=DEFAULT_SECONDS, description="Seconds from now; a deadline that is later already stays."
    )


@strawberry.input(description="A reservation to give up.")
class ReleaseReservationInput:
    reservation_id: relay.GlobalID = strawberry.field(description="The reservation.")


@strawberry.type(description="The reservation that was made or changed.")
class ReservationPayload:
    reservation: Reservation | None = strawberry.field(description="The reservation; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


async def reservation_payload(change: Awaitable[ReservationRow]) -> ReservationPayload:
    """The payload of a command that gives the reservation it changed."""
    row, errors = await attempt(change)
    return ReservationPayload(reservation=Reservation.of(row) if row else None, user_errors=errors)


@strawberry.type(description="Changes of locations and stock.")
class InventoryMutations:
    @strawberry.mutation(description="Create a location.")
    async def create_location(self, info: Info, input: CreateLocationInput) -> LocationPayload:
        context = info.context

        async def create() -> Location:
            address = input.address.value("address") if input.address else Address()
            data = CreateLocation(
                input.code, input.name, input.kind, input.network, address, input.priority, input.group
            )
            return Location.of(await context.write(lambda uow: create_location(uow, data)))

        location, errors = await attempt(create())
        return LocationPayload(location=location, user_errors=errors)

    @strawberry.mutation(description="Take a location out of use, or back in. Work that it has stays with it.")
    async def set_location_active(self, info: Info, input: SetLocationActiveInput) -> LocationPayload:
        context = info.context

        async def change() -> Location:
            location_id = node_id(input.location_id, "Location", "locationId")
            data = SetLocationActive(location_id, input.is_active)
            return Location.of(await context.write(lambda uow: set_location_active(uow, data)))

        location, errors = await attempt(change())
        return LocationPayload(location=location, user_errors=errors)

    @strawberry.mutation(description="Change the stock of a variant at a location.")
    async def adjust_stock(self, info: Info, input: AdjustStockInput) -> StockPayload:
        context = info.context

        async def change() -> StockLevelRow:
            data = AdjustStock(
                sku=input.sku,
                location_id=node_id(input.location_id, "Location", "locationId"),
                reason=input.reason,
                quantity=input.quantity,
                counted=input.counted,
                bin=input.bin,
                safety_stock=input.safety_stock,
                lot=input.lot,
                expires_on=input.expires_on,
            )
            return await context.write(lambda uow: adjust_stock(uow, data))

        row, errors = await attempt(change())
        return StockPayload(stock_level=StockLevel.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Move units between sellable, damaged and in quarantine, or scrap them.")
    async def reclassify_stock(self, info: Info, input: ReclassifyStockInput) -> StockPayload:
        async def change() -> StockLevelRow:
            data = ReclassifyStock(
                sku=input.sku,
                location_id=node_id(input.location_id, "Location", "locationId"),
                quantity=input.quantity,
                from_=input.from_,
                to=input.to,
                reason=input.reason,
                bin=input.bin,
                lot=input.lot,
            )
            return await info.context.write(lambda uow: reclassify_stock(uow, data))

        row, errors = await attempt(change())
        return StockPayload(stock_level=StockLevel.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(
        description="Say how many units may be backordered or pre-ordered at a location. Orders that wait already stay."
    )
    async def set_backorder_terms(self, info: Info, input: SetBackorderTermsInput) -> StockPayload:
        async def change() -> StockLevelRow:
            location_id = node_id(input.location_id, "Location", "locationId")
            data = SetBackorderTerms(input.sku, location_id, input.limit, input.preorder_limit)
            return await info.context.write(lambda uow: set_backorder_terms(uow, data))

        row, errors = await attempt(change())
        return StockPayload(stock_level=StockLevel.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(description="Say what a bundle is made of: it is sold from the stock of its components.")
    async def set_bundle(self, info: Info, input: SetBundleInput) -> VariantPayload:
        data = SetBundle(input.sku, tuple(BundlePart(part.sku, part.quantity) for part in input.components))
        row, errors = await attempt(info.context.write(lambda uow: set_bundle(uow, data)))
        return VariantPayload(variant=variant_object(row) if row else None, user_errors=errors)

    @strawberry.mutation(
        description="Give a buyer more time: move the deadline of a reservation that still holds its units."
    )
    async def extend_reservation(self, info: Info, input: ExtendReservationInput) -> ReservationPayload:
        async def change() -> ReservationRow:
            id_ = node_id(input.reservation_id, "Reservation", "reservationId")
            data = ExtendReservation(id_, input.seconds)
            return await info.context.write(lambda uow: extend_reservation(uow, data))

        return await reservation_payload(change())

    @strawberry.mutation(description="Give a reservation up: its units can be sold again. Doing it twice does nothing.")
    async def release_reservation(self, info: Info, input: ReleaseReservationInput) -> ReservationPayload:
        async def change() -> ReservationRow:
            id_ = node_id(input.reservation_id, "Reservation", "reservationId")
            return await info.context.write(lambda uow: release_reservation(uow, id_))

        return await reservation_payload(change())
