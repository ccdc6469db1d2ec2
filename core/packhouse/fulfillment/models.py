"""The work: what a location shall send, pick lists, and packed parcels."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.inventory.models import Location
from packhouse.orders.models import Order, OrderLine
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class FulfillmentOrder(Row):
    """Work for one location. `request_status` says how it stands with somebody else who does it.

    `withdrawn_for` is why they were asked to give it back, empty where they never were.
    """

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="fulfillment_orders", on_delete=fields.RESTRICT
    )
    order_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="fulfillment_orders", on_delete=fields.RESTRICT
    )
    location_id: UUID
    status = fields.CharField(max_length=16)
    request_status = fields.CharField(max_length=24)
    network = fields.CharField(max_length=64, default="")
    external_id = fields.CharField(max_length=128, default="")
    withdrawn_for = fields.CharField(max_length=16, default="")
    reason = fields.CharField(max_length=255, default="")
    fulfill_at = Moment(null=True)
    created_at = Moment()
    submitted_at = Moment(null=True)
    accepted_at = Moment(null=True)
    started_at = Moment(null=True)
    packed_at = Moment(null=True)
    closed_at = Moment(null=True)
    next_poll_at = Moment(null=True)

    class Meta:
        table = "fulfillment_order"
        indexes = [
            Index(fields=("order_id", "created_at"), name="fulfillment_order_order"),
            Index(fields=("location_id", "status", "created_at"), name="fulfillment_order_work"),
            Index(fields=("location_id", "created_at"), name="fulfillment_order_given_out"),
            Index(fields=("status", "created_at"), name="fulfillment_order_status"),
            Index(fields=("next_poll_at",), name="fulfillment_order_poll"),
        ]


class FulfillmentOrderLine(Row):
    """Units of an order line that this location shall send; counters in units."""

    fulfillment_order: fields.ForeignKeyRelation[FulfillmentOrder] = fields.ForeignKeyField(
        "packhouse.FulfillmentOrder", related_name="lines", on_delete=fields.RESTRICT
    )
    fulfillment_order_id: UUID
    order_line: fields.ForeignKeyRelation[OrderLine] = fields.ForeignKeyField(
        "packhouse.OrderLine", related_name="fulfillment_order_lines", on_delete=fields.RESTRICT
    )
    order_line_id: UUID
    variant_id = fields.UUIDField(null=True)
    sku = fields.CharField(max_length=100)
    quantity = fields.IntField()
    picked = fields.IntField(default=0)
    packed = fields.IntField(default=0)
    shipped = fields.IntField(default=0)
    cancelled = fields.IntField(default=0)

    class Meta:
        table = "fulfillment_order_line"
        indexes = [
            Index(fields=("fulfillment_order_id",), name="fulfillment_line_work"),
            Index(fields=("order_line_id",), name="fulfillment_line_order_line"),
        ]
        constraints = (
            CheckConstraint(check="quantity > 0", name="fulfillment_line_quantity_positive"),
            CheckConstraint(check="shipped + cancelled <= quantity", name="fulfillment_line_within_quantity"),
            CheckConstraint(
                check="picked <= quantity AND packed <= picked", name="fulfillment_line_packed_within_picked"
            ),
        )


class PickList(Row):
    """What one picker fetches at one location."""

    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="pick_lists", on_delete=fields.RESTRICT
    )
    location_id: UUID
    status = fields.CharField(max_length=16)
    created_at = Moment()
    completed_at = Moment(null=True)

    class Meta:
        table = "pick_list"
        indexes = [Index(fields=("location_id", "status", "created_at"), name="pick_list_location")]


class Pick(Row):
    """Units of one SKU to fetch from one bin, and of one lot where it is tracked; pickers come by in the order of `position`."""

    pick_list: fields.ForeignKeyRelation[PickList] = fields.ForeignKeyField(
        "packhouse.PickList", related_name="picks", on_delete=fields.RESTRICT
    )
    pick_list_id: UUID
    fulfillment_order_line: fields.ForeignKeyRelation[FulfillmentOrderLine] = fields.ForeignKeyField(
        "packhouse.FulfillmentOrderLine", related_name="picks", on_delete=fields.RESTRICT
    )
    fulfillment_order_line_id: UUID
    position = fields.IntField(default=0)
    bin = fields.CharField(max_length=32, default="")
    lot = fields.CharField(max_length=64, default="")
    sku = fields.CharField(max_length=100)
    quantity = fields.IntField()
    picked = fields.IntField(default=0)

    class Meta:
        table = "pick"
        indexes = [
            Index(fields=("pick_list_id", "position"), name="pick_list_walk"),
            Index(fields=("fulfillment_order_line_id",), name="pick_work"),
        ]
        constraints = (CheckConstraint(check="picked >= 0 AND picked <= quantity", name="pick_within_quantity"),)


class Parcel(Row):
    """A packed box of one fulfillment order; weight in grams, size in millimetres."""

    fulfillment_order: fields.ForeignKeyRelation[FulfillmentOrder] = fields.ForeignKeyField(
        "packhouse.FulfillmentOrder", related_name="parcels", on_delete=fields.RESTRICT
    )
    fulfillment_order_id: UUID
    weight_grams = fields.IntField()
    length_mm = fields.IntField(null=True)
    width_mm = fields.IntField(null=True)
    height_mm = fields.IntField(null=True)
    packed_at = Moment()

    class Meta:
        table = "parcel"
        indexes = [Index(fields=("fulfillment_order_id",), name="parcel_work")]
        constraints = (CheckConstraint(check="weight_grams > 0", name="parcel_weight_positive"),)


class ParcelItem(Row):
    """Units of a fulfillment order line inside a parcel."""

    parcel: fields.ForeignKeyRelation[Parcel] = fields.ForeignKeyField(
        "packhouse.Parcel", related_name="items", on_delete=fields.RESTRICT
    )
    parcel_id: UUID
    fulfillment_order_line: fields.ForeignKeyRelation[FulfillmentOrderLine] = fields.ForeignKeyField(
        "packhouse.FulfillmentOrderLine", related_name="parcel_items", on_delete=fields.RESTRICT
    )
    fulfillment_order_line_id: UUID
    quantity = fields.IntField()

    class Meta:
        table = "parcel_item"
        unique_together = (("parcel", "fulfillment_order_line"),)
        indexes = [Index(fields=("fulfillment_order_line_id",), name="parcel_item_work")]
        constraints = (CheckConstraint(check="quantity > 0", name="parcel_item_quantity_positive"),)
