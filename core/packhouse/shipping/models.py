"""Parcels on their way: shipments, labels, tracking, and every promise that was made."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from packhouse.fulfillment.models import FulfillmentOrder, Parcel
from packhouse.inventory.models import Location
from packhouse.orders.models import Order, OrderLine
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class Shipment(Row):
    """One parcel with one carrier. `price` is what the carriage costs us, in minor units of `price_currency`."""

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="shipments", on_delete=fields.RESTRICT
    )
    order_id: UUID
    fulfillment_order: fields.ForeignKeyNullableRelation[FulfillmentOrder] = fields.ForeignKeyField(
        "packhouse.FulfillmentOrder", related_name="shipments", on_delete=fields.RESTRICT, null=True
    )
    fulfillment_order_id: UUID | None
    location: fields.ForeignKeyNullableRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="shipments", on_delete=fields.RESTRICT, null=True
    )
    location_id: UUID | None
    parcel: fields.ForeignKeyNullableRelation[Parcel] = fields.ForeignKeyField(
        "packhouse.Parcel", related_name="shipments", on_delete=fields.RESTRICT, null=True
    )
    parcel_id: UUID | None
    status = fields.CharField(max_length=24)
    tracking_status = fields.CharField(max_length=24)
    incident = fields.CharField(max_length=32, default="")
    carrier = fields.CharField(max_length=64, default="")
    service = fields.CharField(max_length=64, default="")
    tracking_number = fields.CharField(max_length=64, default="")
    tracking_url = fields.CharField(max_length=500, default="")
    external_id = fields.CharField(max_length=128, default="")
    price = fields.BigIntField(null=True)
    price_currency = fields.CharField(max_length=3, default="")
    created_at = Moment()
    label_purchased_at = Moment(null=True)
    handed_over_at = Moment(null=True)
    delivered_at = Moment(null=True)
    next_poll_at = Moment(null=True)

    class Meta:
        table = "shipment"
        indexes = [
            Index(fields=("order_id", "created_at"), name="shipment_order"),
            Index(fields=("fulfillment_order_id",), name="shipment_work"),
            Index(fields=("location_id", "handed_over_at"), name="shipment_location"),
            Index(fields=("parcel_id",), name="shipment_parcel"),
            Index(fields=("tracking_number",), name="shipment_tracking_number"),
            Index(fields=("status", "created_at"), name="shipment_status"),
            Index(fields=("next_poll_at",), name="shipment_poll"),
            Index(fields=("handed_over_at",), name="shipment_handed_over"),
        ]
        constraints = (
            UniqueConstraint(
                fields=("fulfillment_order_id", "external_id"), name="shipment_external", condition="external_id <> ''"
            ),
        )


class ShipmentLine(Row):
    """Units of an order line inside a shipment; of a bundle's line, units of a component.

    `bundles` is for those: how many bundles left whole with this line. It is null for any other.
    """

    shipment: fields.ForeignKeyRelation[Shipment] = fields.ForeignKeyField(
        "packhouse.Shipment", related_name="lines", on_delete=fields.RESTRICT
    )
    shipment_id: UUID
    order_line: fields.ForeignKeyRelation[OrderLine] = fields.ForeignKeyField(
        "packhouse.OrderLine", related_name="shipment_lines", on_delete=fields.RESTRICT
    )
    order_line_id: UUID
    fulfillment_order_line_id = fields.UUIDField(null=True)
    quantity = fields.IntField()
    bundles = fields.IntField(null=True)

    class Meta:
        table = "shipment_line"
        indexes = [
            Index(fields=("shipment_id",), name="shipment_line_shipment"),
            Index(fields=("order_line_id",), name="shipment_line_order_line"),
        ]
        constraints = (CheckConstraint(check="quantity > 0", name="shipment_line_quantity_positive"),)


class Label(Row):
    """The document that was bought for a shipment."""

    shipment: fields.OneToOneRelation[Shipment] = fields.OneToOneField(
        "packhouse.Shipment", related_name="label", on_delete=fields.RESTRICT
    )
    shipment_id: UUID
    media_type = fields.CharField(max_length=64)
    content = fields.BinaryField()
    created_at = Moment()

    class Meta:
        table = "label"


class TrackingEvent(Row):
    """A carrier's scan; ordered by the carrier's time."""

    shipment: fields.ForeignKeyRelation[Shipment] = fields.ForeignKeyField(
        "packhouse.Shipment", related_name="tracking_events", on_delete=fields.RESTRICT
    )
    shipment_id: UUID
    external_id = fields.CharField(max_length=128)
    status = fields.CharField(max_length=24)
    incident = fields.CharField(max_length=32, default="")
    description = fields.CharField(max_length=255, default="")
    place = fields.CharField(max_length=255, default="")
    occurred_at = Moment()
    recorded_at = Moment()

    class Meta:
        table = "tracking_event"
        unique_together = (("shipment", "external_id"),)
        indexes = [Index(fields=("shipment_id", "occurred_at"), name="tracking_event_shipment")]


class DeliveryPromise(Row):
    """When the customer was told that the order would be there; the newest one counts, none is ever changed.

    `promised_from` is when the delivery window opens, `dispatch_by` until when the order was to leave, where that was said.
    """

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="promises", on_delete=fields.RESTRICT
    )
    order_id: UUID
    dispatch_by = Moment(null=True)
    promised_from = Moment(null=True)
    promised_by = Moment()
    source = fields.CharField(max_length=64)
    made_at = Moment()

    class Meta:
        table = "delivery_promise"
        indexes = [Index(fields=("order_id", "made_at"), name="delivery_promise_order")]
