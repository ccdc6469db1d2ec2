"""Shipments, labels, tracking by hand, promises."""

from collections.abc import Awaitable
from datetime import datetime

import strawberry
from strawberry import relay

from packhouse.fulfillment.graphql.mutations import FulfillmentOrderPayload
from packhouse.fulfillment.graphql.types import FulfillmentOrder
from packhouse.fulfillment.models import FulfillmentOrder as FulfillmentOrderRow
from packhouse.sdk import TrackingStatus, TrackingUpdate, fact_id
from packhouse.shipping import models
from packhouse.shipping.commands.buy_label import BuyLabel, buy_label
from packhouse.shipping.commands.create_shipment import CreateShipment, create_shipment
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.shipping.commands.promise import AddPromise, promise
from packhouse.shipping.commands.record_tracking import RecordTracking, record_tracking
from packhouse.shipping.commands.unpack import UnpackParcel, unpack
from packhouse.shipping.commands.void_label import VoidLabel, void_label
from packhouse.shipping.graphql.types import DeliveryPromise, Shipment
from packhouse.shipping.states import IncidentReason
from packhouse.web.context import Info
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="A packed parcel to send.")
class CreateShipmentInput:
    parcel_id: relay.GlobalID = strawberry.field(description="The parcel.")
    carrier: str = strawberry.field(default="", description="Code of the carrier, where it is known already.")
    service: str = strawberry.field(default="", description="The carrier's service, where it is known already.")
    tracking_number: str = strawberry.field(
        default="", description="A tracking number of our own: no label is needed then."
    )
    tracking_url: str = strawberry.field(default="", description="The carrier's page about the parcel.")


@strawberry.input(description="A parcel to take apart.")
class UnpackParcelInput:
    parcel_id: relay.GlobalID = strawberry.field(description="The parcel; its shipment is voided, or it has none.")


@strawberry.input(description="A label to buy.")
class BuyLabelInput:
    shipment_id: relay.GlobalID = strawberry.field(description="The shipment.")
    carrier: str = strawberry.field(default="", description="Code of the carrier; empty: the shipment's own.")
    service: str = strawberry.field(default="", description="The carrier's service; empty: the shipment's own.")


@strawberry.input(description="A shipment that has not left, to void.")
class VoidLabelInput:
    shipment_id: relay.GlobalID = strawberry.field(description="The shipment.")
    reason: str = strawberry.field(default="", description="Why.")


@strawberry.input(description="A shipment that leaves now.")
class HandOverShipmentInput:
    shipment_id: relay.GlobalID = strawberry.field(description="The shipment.")
    carrier: str = strawberry.field(default="", description="Without a label: who carries it.")
    tracking_number: str = strawberry.field(default="", description="Without a label: the carrier's number.")
    tracking_url: str = strawberry.field(default="", description="Without a label: the carrier's page about it.")


@strawberry.input(description="A scan that is recorded by hand.")
class RecordTrackingInput:
    shipment_id: relay.GlobalID = strawberry.field(description="The shipment.")
    status: TrackingStatus = strawberry.field(description="What it means.")
    occurred_at: datetime = strawberry.field(description="When it happened, with time zone.")
    description: str = strawberry.field(default="", description="The carrier's own words.")
    place: str = strawberry.field(default="", description="Where.")
    incident: IncidentReason | None = strawberry.field(
        default=None, description="What went wrong, where something did."
    )
    external_id: str = strawberry.field(
        default="", description="The carrier's id of the scan; empty: made of its content, so a repeat changes nothing."
    )


@strawberry.type(description="A shipment as it stands now.")
class ShipmentPayload:
    shipment: Shipment | None = strawberry.field(description="The shipment; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="What a customer was told about the delivery of an order.")
class AddDeliveryPromiseInput:
    order_id: relay.GlobalID = strawberry.field(description="The order.")
    promised_by: datetime = strawberry.field(description="It will be there by this moment, with time zone.")
    source: str = strawberry.field(description="Who or what promised it.")


@strawberry.type(description="The promise that was added.")
class DeliveryPromisePayload:
    delivery_promise: DeliveryPromise | None = strawberry.field(
        description="The promise; null where nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="Shipments and what becomes of them.")
class ShippingMutations:
    @strawberry.mutation(description="Prepare a shipment of a packed parcel.")
    async def create_shipment(self, info: Info, input: CreateShipmentInput) -> ShipmentPayload:
        context = info.context

        async def create() -> models.Shipment:
            data = CreateShipment(
                parcel_id=node_id(input.parcel_id, "Parcel", "parcelId"),
                carrier=input.carrier,
                service=input.service,
                tracking_number=input.tracking_number,
                tracking_url=input.tracking_url,
            )
            return await context.write(lambda uow: create_shipment(uow, data))

        return await _payload(create())

    @strawberry.mutation(description="Take a parcel apart that has not left: its units are picked, and packed no more.")
    async def unpack_parcel(self, info: Info, input: UnpackParcelInput) -> FulfillmentOrderPayload:
        async def change() -> FulfillmentOrderRow:
            data = UnpackParcel(node_id(input.parcel_id, "Parcel", "parcelId"))
            return await info.context.write(lambda uow: unpack(uow, data))

        row, errors = await attempt(change())
        return FulfillmentOrderPayload(fulfillment_order=FulfillmentOrder.of(row) if row else None, user_errors=errors)

    @strawberry.mutation(
        description="Buy the label. In doubt (PROVIDER_IN_DOUBT): do it again, the carrier is asked first."
    )
    async def buy_label(self, info: Info, input: BuyLabelInput) -> ShipmentPayload:
        context = info.context

        async def buy() -> models.Shipment:
            data = BuyLabel(node_id(input.shipment_id, "Shipment", "shipmentId"), input.carrier, input.service)
            return await buy_label(context.database, context.providers, context.by, data)

        return await _payload(buy())

    @strawberry.mutation(description="Void a shipment that has not left, and its label; its parcel is free again.")
    async def void_label(self, info: Info, input: VoidLabelInput) -> ShipmentPayload:
        context = info.context

        async def void() -> models.Shipment:
            data = VoidLabel(node_id(input.shipment_id, "Shipment", "shipmentId"), input.reason)
            return await void_label(context.database, context.providers, context.by, data)

        return await _payload(void())

    @strawberry.mutation(description="Hand a shipment over to its carrier: its goods have left.")
    async def hand_over_shipment(self, info: Info, input: HandOverShipmentInput) -> ShipmentPayload:
        context = info.context

        async def leave() -> models.Shipment:
            data = HandOver(
                shipment_id=node_id(input.shipment_id, "Shipment", "shipmentId"),
                carrier=input.carrier,
                tracking_number=input.tracking_number,
                tracking_url=input.tracking_url,
            )
            return await context.write(lambda uow: hand_over(uow, data))

        return await _payload(leave())

    @strawberry.mutation(description="Record a scan by hand.")
    async def record_tracking(self, info: Info, input: RecordTrackingInput) -> ShipmentPayload:
        context = info.context

        async def scan() -> models.Shipment:
            shipment_id = node_id(input.shipment_id, "Shipment", "shipmentId")
            update = TrackingUpdate(
                external_id=input.external_id or _id_of_content(input),
                status=input.status,
                occurred_at=input.occurred_at,
                description=input.description,
                place=input.place,
                incident=input.incident.value if input.incident else "",
            )
            data = RecordTracking(shipment_id, (update,))
            return await context.write(lambda uow: record_tracking(uow, data))

        return await _payload(scan())

    @strawberry.mutation(description="Add a promise about an order's delivery; it is the one that counts from now on.")
    async def add_delivery_promise(self, info: Info, input: AddDeliveryPromiseInput) -> DeliveryPromisePayload:
        context = info.context

        async def add() -> models.DeliveryPromise:
            data = AddPromise(node_id(input.order_id, "Order", "orderId"), input.promised_by, input.source)
            return await context.write(lambda uow: promise(uow, data))

        row, errors = await attempt(add())
        return DeliveryPromisePayload(delivery_promise=DeliveryPromise.of(row) if row else None, user_errors=errors)


async def _payload(work: Awaitable[models.Shipment]) -> ShipmentPayload:
    row, errors = await attempt(work)
    return ShipmentPayload(shipment=Shipment.of(row) if row else None, user_errors=errors)


def _id_of_content(input: RecordTrackingInput) -> str:
    return str(
        fact_id("scan by hand", input.status.value, input.occurred_at.isoformat(), input.description, input.place)
    )
