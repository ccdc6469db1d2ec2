"""The work of a location: fulfillment orders, pick lists, parcels."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.fulfillment import models, queries
from packhouse.fulfillment.states import FulfillmentOrderStatus, PickListStatus, RequestStatus, Withdrawal
from packhouse.inventory.graphql.locations import Location, location_of
from packhouse.orders.graphql.types import OrderLine, OrderRecord, OrderType, order_line_of, order_of
from packhouse.sdk import InvalidValue
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose

expose(FulfillmentOrderStatus, RequestStatus, PickListStatus, Withdrawal)


@strawberry.type(description="Units of an order line that one location sends.")
class FulfillmentOrderLine(relay.Node):
    id: relay.NodeID[UUID]
    order_line_id: strawberry.Private[UUID]
    sku: str = strawberry.field(description="The SKU to send.")
    quantity: int = strawberry.field(description="Units to send.")
    picked: int = strawberry.field(description="Units fetched from their bins.")
    packed: int = strawberry.field(description="Units in parcels.")
    shipped: int = strawberry.field(description="Units that left.")
    cancelled: int = strawberry.field(description="Units that will not be sent by this location.")

    @classmethod
    def of(cls, row: models.FulfillmentOrderLine) -> "FulfillmentOrderLine":
        """The line of a row."""
        return cls(
            id=row.id,
            order_line_id=row.order_line_id,
            sku=row.sku,
            quantity=row.quantity,
            picked=row.picked,
            packed=row.packed,
            shipped=row.shipped,
            cancelled=row.cancelled,
        )

    @strawberry.field(description="The order line they belong to.")
    async def order_line(self, info: Info) -> OrderLine:
        return await order_line_of(info, self.order_line_id)


async def fulfillment_order_line_of(info: Info, id_: UUID) -> models.FulfillmentOrderLine:
    """The line that a row refers to.

    Raises:
        InvalidValue: there is none, which foreign keys rule out.
    """
    row = await info.context.loaders.one(queries.fulfillment_order_lines_by_id, id_)
    if row is None:
        raise InvalidValue("fulfillmentOrderLine", f"there is no fulfillment order line {id_}")
    return row


@strawberry.type(description="Units of a fulfillment order line inside a parcel.")
class ParcelItem(relay.Node):
    id: relay.NodeID[UUID]
    fulfillment_order_line_id: strawberry.Private[UUID]
    quantity: int = strawberry.field(description="Units in the parcel.")

    @classmethod
    def of(cls, row: models.ParcelItem) -> "ParcelItem":
        """The item of a row."""
        return cls(id=row.id, fulfillment_order_line_id=row.fulfillment_order_line_id, quantity=row.quantity)

    @strawberry.field(description="Which line they are of.")
    async def fulfillment_order_line(self, info: Info) -> FulfillmentOrderLine:
        return FulfillmentOrderLine.of(await fulfillment_order_line_of(info, self.fulfillment_order_line_id))


@strawberry.type(description="A packed box.")
class Parcel(relay.Node):
    id: relay.NodeID[UUID]
    weight_grams: int = strawberry.field(description="Weight with contents, in grams.")
    length_mm: int | None = strawberry.field(description="Outer length in millimetres.")
    width_mm: int | None = strawberry.field(description="Outer width in millimetres.")
    height_mm: int | None = strawberry.field(description="Outer height in millimetres.")
    packed_at: datetime = strawberry.field(description="When it was packed.")

    @classmethod
    def of(cls, row: models.Parcel) -> "Parcel":
        """The parcel of a row."""
        return cls(
            id=row.id,
            weight_grams=row.weight_grams,
            length_mm=row.length_mm,
            width_mm=row.width_mm,
            height_mm=row.height_mm,
            packed_at=row.packed_at,
        )

    @strawberry.field(description="What is in it.")
    async def items(self, info: Info) -> list[ParcelItem]:
        return [ParcelItem.of(row) for row in await info.context.loaders.many(queries.items_of_parcels, self.id)]


@strawberry.type(description="Work for one location: units of an order that it shall send.")
class FulfillmentOrder(relay.Node):
    id: relay.NodeID[UUID]
    order_id: strawberry.Private[UUID]
    location_id: strawberry.Private[UUID]
    status: FulfillmentOrderStatus = strawberry.field(description="How far the work has come.")
    request_status: RequestStatus = strawberry.field(description="How it stands with somebody else who does it.")
    network: str | None = strawberry.field(description="Code of the fulfilment network that does it; null: ourselves.")
    external_id: str | None = strawberry.field(description="The network's own id of it.")
    withdrawn_for: Withdrawal | None = strawberry.field(
        description="Why the network was asked to give it back; null where it never was."
    )
    reason: str | None = strawberry.field(
        description="Why it was rejected, cancelled or left incomplete, or what was said last about giving it back."
    )
    fulfill_at: datetime | None = strawberry.field(description="Not before this moment (a pre-order).")
    created_at: datetime = strawberry.field(description="When it was given out.")
    submitted_at: datetime | None = strawberry.field(description="When it was sent to the network.")
    accepted_at: datetime | None = strawberry.field(description="When the network took it on.")
    started_at: datetime | None = strawberry.field(description="When picking began.")
    packed_at: datetime | None = strawberry.field(description="When all was packed.")
    closed_at: datetime | None = strawberry.field(description="When the work ended.")

    @classmethod
    def of(cls, row: models.FulfillmentOrder) -> "FulfillmentOrder":
        """The fulfillment order of a row."""
        return cls(
            id=row.id,
            order_id=row.order_id,
            location_id=row.location_id,
            status=FulfillmentOrderStatus(row.status),
            request_status=RequestStatus(row.request_status),
            network=row.network or None,
            external_id=row.external_id or None,
            withdrawn_for=Withdrawal(row.withdrawn_for) if row.withdrawn_for else None,
            reason=row.reason or None,
            fulfill_at=row.fulfill_at,
            created_at=row.created_at,
            submitted_at=row.submitted_at,
            accepted_at=row.accepted_at,
            started_at=row.started_at,
            packed_at=row.packed_at,
            closed_at=row.closed_at,
        )

    @strawberry.field(description="The order it is for.")
    async def order(self, info: Info) -> OrderType:
        return await order_of(info, self.order_id)

    @strawberry.field(description="The location that does it.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)

    @strawberry.field(description="What is to be sent.")
    async def lines(self, info: Info) -> list[FulfillmentOrderLine]:
        rows = await info.context.loaders.many(queries.lines_of_fulfillment_orders, self.id)
        return [FulfillmentOrderLine.of(row) for row in rows]

    @strawberry.field(description="What was packed, oldest first.")
    async def parcels(self, info: Info) -> list[Parcel]:
        rows = await info.context.loaders.many(queries.parcels_of_fulfillment_orders, self.id)
        return [Parcel.of(row) for row in rows]


async def fulfillment_order_of(info: Info, id_: UUID) -> FulfillmentOrder:
    """The fulfillment order that a row refers to.

    Raises:
        InvalidValue: there is none, which foreign keys rule out.
    """
    row = await info.context.loaders.one(queries.fulfillment_orders_by_id, id_)
    if row is None:
        raise InvalidValue("fulfillmentOrder", f"there is no fulfillment order {id_}")
    return FulfillmentOrder.of(row)


@strawberry.type(description="Units of one SKU to fetch from one bin.")
class Pick(relay.Node):
    id: relay.NodeID[UUID]
    fulfillment_order_line_id: strawberry.Private[UUID]
    bin: str | None = strawberry.field(description="Where they lie.")
    lot: str | None = strawberry.field(description="Of which lot; null where the variant is not tracked by lot.")
    sku: str = strawberry.field(description="What to fetch.")
    quantity: int = strawberry.field(description="Units to fetch.")
    picked: int = strawberry.field(description="Units fetched.")

    @classmethod
    def of(cls, row: models.Pick) -> "Pick":
        """The pick of a row."""
        return cls(
            id=row.id,
            fulfillment_order_line_id=row.fulfillment_order_line_id,
            bin=row.bin or None,
            lot=row.lot or None,
            sku=row.sku,
            quantity=row.quantity,
            picked=row.picked,
        )

    @strawberry.field(description="The work it is for.")
    async def fulfillment_order(self, info: Info) -> FulfillmentOrder:
        line = await fulfillment_order_line_of(info, self.fulfillment_order_line_id)
        return await fulfillment_order_of(info, line.fulfillment_order_id)


@strawberry.type(description="What one picker fetches at one location, in the order of the bins.")
class PickList(relay.Node):
    id: relay.NodeID[UUID]
    location_id: strawberry.Private[UUID]
    status: PickListStatus = strawberry.field(description="How far the round has come.")
    created_at: datetime = strawberry.field(description="When it was drawn up.")
    completed_at: datetime | None = strawberry.field(description="When it was finished.")

    @classmethod
    def of(cls, row: models.PickList) -> "PickList":
        """The pick list of a row."""
        return cls(
            id=row.id,
            location_id=row.location_id,
            status=PickListStatus(row.status),
            created_at=row.created_at,
            completed_at=row.completed_at,
        )

    @strawberry.field(description="Where.")
    async def location(self, info: Info) -> Location:
        return await location_of(info, self.location_id)

    @strawberry.field(description="What to fetch, in the order of the bins.")
    async def picks(self, info: Info) -> list[Pick]:
        return [Pick.of(row) for row in await info.context.loaders.many(queries.picks_of_pick_lists, self.id)]


@strawberry.type(description="What the work adds to an order.")
class OrderFulfillment(OrderRecord):
    @strawberry.field(description="Its work, one entry for each location that got some, oldest first.")
    async def fulfillment_orders(self, info: Info) -> list[FulfillmentOrder]:
        rows = await info.context.loaders.many(queries.fulfillment_orders_of_orders, self.id)
        return [FulfillmentOrder.of(row) for row in rows]
