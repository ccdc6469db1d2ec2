"""Shipments, labels, tracking and delivery promises."""

from base64 import b64encode
from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.fulfillment.graphql.types import FulfillmentOrder, Parcel, fulfillment_order_of
from packhouse.fulfillment.queries import parcels_by_id
from packhouse.inventory.graphql.locations import Location, location_of
from packhouse.orders.graphql.types import OrderLine, OrderRecord, OrderType, order_line_of, order_of
from packhouse.shipping import models, queries
from packhouse.shipping.states import IncidentReason, ShipmentStatus, TrackingStatus
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.money import Money

expose(ShipmentStatus, TrackingStatus, IncidentReason)


@strawberry.type(description="Units of an order line inside a shipment.")
class ShipmentLine(relay.Node):
    id: relay.NodeID[UUID]
    order_line_id: strawberry.Private[UUID]
    quantity: int = strawberry.field(description="Units in the shipment.")

    @classmethod
    def of(cls, row: models.ShipmentLine) -> "ShipmentLine":
        """The line of a row."""
        return cls(id=row.id, order_line_id=row.order_line_id, quantity=row.quantity)

    @strawberry.field(description="Which order line they are of.")
    async def order_line(self, info: Info) -> OrderLine:
        return await order_line_of(info, self.order_line_id)


@strawberry.type(description="A carrier's scan.")
class TrackingEvent(relay.Node):
    id: relay.NodeID[UUID]
    status: TrackingStatus = strawberry.field(description="What the scan means, in the one set for all carriers.")
    incident: IncidentReason | None = strawberry.field(description="What went wrong, where something did.")
    description: str | None = strawberry.field(description="The carrier's own words.")
    place: str | None = strawberry.field(description="Where it was scanned.")
    occurred_at: datetime = strawberry.field(description="The carrier's time.")
    recorded_at: datetime = strawberry.field(description="When we learned of it.")

    @classmethod
    def of(cls, row: models.TrackingEvent) -> "TrackingEvent":
        """The scan of a row."""
        return cls(
            id=row.id,
            status=TrackingStatus(row.status),
            incident=_incident(row.incident),
            description=row.description or None,
            place=row.place or None,
            occurred_at=row.occurred_at,
            recorded_at=row.recorded_at,
        )


@strawberry.type(description="The document that is put on the parcel.")
class Label:
    media_type: str = strawberry.field(
        description="What kind of document: application/pdf, image/gif, application/zpl."
    )
    data: str = strawberry.field(description="The document in base64.")
    created_at: datetime = strawberry.field(description="When it was bought.")

    @classmethod
    def of(cls, row: models.Label) -> "Label":
        """The label of a row."""
        return cls(media_type=row.media_type, data=b64encode(row.content).decode(), created_at=row.created_at)


@strawberry.type(
    description="When the customer was told that the order would be there; never changed, the newest counts."
)
class DeliveryPromise(relay.Node):
    id: relay.NodeID[UUID]
    promised_by: datetime = strawberry.field(description="It was to be there by this moment.")
    promised_from: datetime | None = strawberry.field(
        description="From when it could be there; null where no window was promised."
    )
    dispatch_by: datetime | None = strawberry.field(
        description="Until when it was to leave; null where that was not promised."
    )
    source: str = strawberry.field(description="Who or what promised it.")
    made_at: datetime = strawberry.field(description="When it was promised.")

    @classmethod
    def of(cls, row: models.DeliveryPromise) -> "DeliveryPromise":
        """The promise of a row."""
        return cls(
            id=row.id,
            promised_by=row.promised_by,
            promised_from=row.promised_from,
            dispatch_by=row.dispatch_by,
            source=row.source,
            made_at=row.made_at,
        )


@strawberry.type(description="One parcel with one carrier.")
class Shipment(relay.Node):
    id: relay.NodeID[UUID]
    row: strawberry.Private[models.Shipment]
    status: ShipmentStatus = strawberry.field(description="The shipment as a thing we are answerable for.")
    tracking_status: TrackingStatus = strawberry.field(description="What the carrier said last.")
    incident: IncidentReason | None = strawberry.field(description="What went wrong, where something did.")
    carrier: str | None = strawberry.field(description="Code of the carrier.")
    service: str | None = strawberry.field(description="The carrier's service.")
    tracking_number: str | None = strawberry.field(description="The carrier's number of the parcel.")
    tracking_url: str | None = strawberry.field(description="The carrier's page about the parcel.")
    price: Money | None = strawberry.field(description="What the carriage costs us.")
    created_at: datetime = strawberry.field(description="When it was prepared.")
    label_purchased_at: datetime | None = strawberry.field(description="When its label was bought.")
    handed_over_at: datetime | None = strawberry.field(description="When the carrier got it.")
    delivered_at: datetime | None = strawberry.field(description="When it arrived.")

    @classmethod
    def of(cls, row: models.Shipment) -> "Shipment":
        """The shipment of a row."""
        return cls(
            id=row.id,
            row=row,
            status=ShipmentStatus(row.status),
            tracking_status=TrackingStatus(row.tracking_status),
            incident=_incident(row.incident),
            carrier=row.carrier or None,
            service=row.service or None,
            tracking_number=row.tracking_number or None,
            tracking_url=row.tracking_url or None,
            price=None if row.price is None else Money.of_minor(row.price, row.price_currency),
            created_at=row.created_at,
            label_purchased_at=row.label_purchased_at,
            handed_over_at=row.handed_over_at,
            delivered_at=row.delivered_at,
        )

    @strawberry.field(description="The order it is for.")
    async def order(self, info: Info) -> OrderType:
        return await order_of(info, self.row.order_id)

    @strawberry.field(description="The work it came out of; null for imported history.")
    async def fulfillment_order(self, info: Info) -> FulfillmentOrder | None:
        id_ = self.row.fulfillment_order_id
        return None if id_ is None else await fulfillment_order_of(info, id_)

    @strawberry.field(description="Where it left from; null where nobody knows.")
    async def location(self, info: Info) -> Location | None:
        id_ = self.row.location_id
        return None if id_ is None else await location_of(info, id_)

    @strawberry.field(description="The box, where we packed it ourselves.")
    async def parcel(self, info: Info) -> Parcel | None:
        if self.row.parcel_id is None:
            return None
        row = await info.context.loaders.one(parcels_by_id, self.row.parcel_id)
        return None if row is None else Parcel.of(row)

    @strawberry.field(description="What is in it.")
    async def lines(self, info: Info) -> list[ShipmentLine]:
        return [ShipmentLine.of(row) for row in await info.context.loaders.many(queries.lines_of_shipments, self.id)]

    @strawberry.field(description="The carrier's scans by the carrier's time, oldest first.")
    async def tracking_events(self, info: Info) -> list[TrackingEvent]:
        rows = await info.context.loaders.many(queries.tracking_of_shipments, self.id)
        return [TrackingEvent.of(row) for row in rows]

    @strawberry.field(description="Its label, where we bought one.")
    async def label(self, info: Info) -> Label | None:
        rows = await info.context.loaders.many(queries.labels_of_shipments, self.id)
        return Label.of(rows[0]) if rows else None


def _incident(stored: str) -> IncidentReason | None:
    """Plugins write what they know; a reason outside the set is shown as unknown, not as an error."""
    if not stored:
        return None
    return IncidentReason(stored) if stored in _INCIDENTS else IncidentReason.UNKNOWN


_INCIDENTS = frozenset(reason.value for reason in IncidentReason)


@strawberry.type(description="What shipping adds to an order.")
class OrderShipping(OrderRecord):
    @strawberry.field(description="Its parcels, oldest first.")
    async def shipments(self, info: Info) -> list[Shipment]:
        return [Shipment.of(row) for row in await info.context.loaders.many(queries.shipments_of_orders, self.id)]

    @strawberry.field(description="Every promise made about its delivery, oldest first; the last one counts.")
    async def delivery_promises(self, info: Info) -> list[DeliveryPromise]:
        rows = await info.context.loaders.many(queries.promises_of_orders, self.id)
        return [DeliveryPromise.of(row) for row in rows]
