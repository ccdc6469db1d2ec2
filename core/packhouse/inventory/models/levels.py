"""Locations, how much of each variant lies there, every movement that made it so, and who has claimed it."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.catalog.models import Variant
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row

_BUCKETS = ("on_hand", "allocated", "reserved", "damaged", "quarantined", "safety_stock", "incoming", "backordered")


class Location(Row):
    """A place that holds stock. `network` is the code of the fulfilment network that runs it, empty for our own.

    `group` is a name that several may share, for routing by it. `calendar` says when it works, where somebody said so: see
    `calendars.py`.
    """

    code = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=255)
    kind = fields.CharField(max_length=16)
    network = fields.CharField(max_length=64, default="")
    address: dict[str, str] = fields.JSONField(default=dict)
    priority = fields.IntField(default=100)
    group = fields.CharField(max_length=64, default="")
    calendar: dict[str, Any] | None = fields.JSONField(null=True)
    is_active = fields.BooleanField(default=True)
    is_demo = fields.BooleanField(default=False)
    created_at = Moment()

    class Meta:
        table = "location"


class StockLevel(Row):
    """The balances of a variant at a location: the sums of its movements, kept in the same transaction.

    `backordered` units are promised to orders that wait for them; they are given what comes before anybody else. The
    limits say how many may wait at one time: once the variant is available, and before.

    Where it `is_divided`, holdings say how many of its units lie in which bin and are of which lot, and `bin` is where units
    go of which nobody says where; else all of it lies in `bin`.
    """

    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="stock_levels", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="stock_levels", on_delete=fields.RESTRICT
    )
    location_id: UUID
    bin = fields.CharField(max_length=32, default="")
    is_divided = fields.BooleanField(default=False, db_default=False)
    on_hand = fields.IntField(default=0)
    allocated = fields.IntField(default=0)
    reserved = fields.IntField(default=0)
    damaged = fields.IntField(default=0)
    quarantined = fields.IntField(default=0)
    safety_stock = fields.IntField(default=0)
    incoming = fields.IntField(default=0)
    backordered = fields.IntField(default=0, db_default=0)
    backorder_limit = fields.IntField(default=0, db_default=0)
    preorder_limit = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "stock_level"
        unique_together = (("variant", "location"),)
        indexes = [Index(fields=("location_id", "variant_id"), name="stock_level_location")]
        constraints = (
            *(CheckConstraint(check=f"{bucket} >= 0", name=f"stock_level_{bucket}") for bucket in _BUCKETS),
            CheckConstraint(
                check="allocated + reserved + damaged + quarantined <= on_hand", name="stock_level_not_oversold"
            ),
            CheckConstraint(check="backorder_limit >= 0 AND preorder_limit >= 0", name="stock_level_limits"),
        )


class StockMovement(Row):
    """One change of the balances: the deltas of each bucket, why, what for, and by whom. Never updated, never deleted."""

    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="movements", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="movements", on_delete=fields.RESTRICT
    )
    location_id: UUID
    kind = fields.CharField(max_length=32)
    on_hand = fields.IntField(default=0)
    allocated = fields.IntField(default=0)
    reserved = fields.IntField(default=0)
    damaged = fields.IntField(default=0)
    quarantined = fields.IntField(default=0)
    safety_stock = fields.IntField(default=0)
    incoming = fields.IntField(default=0)
    backordered = fields.IntField(default=0, db_default=0)
    reason = fields.CharField(max_length=255)
    order_id = fields.UUIDField(null=True)
    reference = fields.CharField(max_length=64, default="")
    actor = fields.CharField(max_length=64)
    occurred_at = Moment()

    class Meta:
        table = "stock_movement"
        indexes = [
            Index(fields=("variant_id", "location_id", "occurred_at"), name="stock_movement_key"),
            Index(fields=("location_id", "occurred_at"), name="stock_movement_location"),
            Index(fields=("order_id",), name="stock_movement_order"),
        ]
        constraints = (CheckConstraint(check="reason <> '' AND actor <> ''", name="stock_movement_explained"),)


class Allocation(Row):
    """A placed order's hard claim on units at a location; shipping consumes this claim and no other."""

    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="allocations", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="allocations", on_delete=fields.RESTRICT
    )
    location_id: UUID
    order_line_id = fields.UUIDField()
    fulfillment_order_line_id = fields.UUIDField()
    status = fields.CharField(max_length=16)
    quantity = fields.IntField()
    created_at = Moment()

    class Meta:
        table = "allocation"
        indexes = [
            Index(fields=("fulfillment_order_line_id",), name="allocation_work"),
            Index(fields=("order_line_id",), name="allocation_line"),
            Index(fields=("variant_id", "location_id", "status"), name="allocation_key"),
        ]
        constraints = (CheckConstraint(check="quantity > 0", name="allocation_quantity_positive"),)
