"""Where stock lies, how much of it, and every movement that made it so."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.catalog.models import Variant
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row

_BUCKETS = ("on_hand", "allocated", "reserved", "damaged", "quarantined", "safety_stock", "incoming")


class Location(Row):
    """A place that holds stock. `network` is the code of the fulfilment network that runs it, empty for our own.

    `group` is a name that several may share, for routing by it.
    """

    code = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=255)
    kind = fields.CharField(max_length=16)
    network = fields.CharField(max_length=64, default="")
    address: dict[str, str] = fields.JSONField(default=dict)
    priority = fields.IntField(default=100)
    group = fields.CharField(max_length=64, default="")
    is_active = fields.BooleanField(default=True)
    is_demo = fields.BooleanField(default=False)
    created_at = Moment()

    class Meta:
        table = "location"


class StockLevel(Row):
    """The balances of a variant at a location: the sums of its movements, kept in the same transaction."""

    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="stock_levels", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="stock_levels", on_delete=fields.RESTRICT
    )
    location_id: UUID
    bin = fields.CharField(max_length=32, default="")
    on_hand = fields.IntField(default=0)
    allocated = fields.IntField(default=0)
    reserved = fields.IntField(default=0)
    damaged = fields.IntField(default=0)
    quarantined = fields.IntField(default=0)
    safety_stock = fields.IntField(default=0)
    incoming = fields.IntField(default=0)

    class Meta:
        table = "stock_level"
        unique_together = (("variant", "location"),)
        indexes = [Index(fields=("location_id", "variant_id"), name="stock_level_location")]
        constraints = (
            *(CheckConstraint(check=f"{bucket} >= 0", name=f"stock_level_{bucket}") for bucket in _BUCKETS),
            CheckConstraint(
                check="allocated + reserved + damaged + quarantined <= on_hand", name="stock_level_not_oversold"
            ),
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


class Reservation(Row):
    """A checkout's soft hold on units until `expires_at`; `order_id` is the order that consumed it."""

    status = fields.CharField(max_length=16)
    expires_at = Moment()
    created_by = fields.CharField(max_length=64)
    created_at = Moment()
    ended_at = Moment(null=True)
    order_id = fields.UUIDField(null=True)

    class Meta:
        table = "reservation"
        indexes = [Index(fields=("status", "expires_at", "id"), name="reservation_due")]


class ReservationLine(Row):
    """Units of a variant at a location that a reservation holds, while it is active."""

    reservation: fields.ForeignKeyRelation[Reservation] = fields.ForeignKeyField(
        "packhouse.Reservation", related_name="lines", on_delete=fields.RESTRICT
    )
    reservation_id: UUID
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="reservation_lines", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="reservation_lines", on_delete=fields.RESTRICT
    )
    location_id: UUID
    quantity = fields.IntField()

    class Meta:
        table = "reservation_line"
        unique_together = (("reservation", "variant", "location"),)
        indexes = [
            Index(fields=("variant_id", "location_id"), name="reservation_line_key"),
            Index(fields=("location_id",), name="reservation_line_location"),
        ]
        constraints = (CheckConstraint(check="quantity > 0", name="reservation_line_quantity_positive"),)


class InboundShipment(Row):
    """Goods on their way to a location, from a supplier or (`from_location`) from another location of ours."""

    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="inbound_shipments", on_delete=fields.RESTRICT
    )
    location_id: UUID
    from_location: fields.ForeignKeyNullableRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="outbound_transfers", on_delete=fields.RESTRICT, null=True
    )
    from_location_id: UUID | None
    supplier = fields.CharField(max_length=255, default="")
    reference = fields.CharField(max_length=64, default="")
    status = fields.CharField(max_length=24)
    expected_at = Moment(null=True)
    created_at = Moment()
    closed_at = Moment(null=True)

    class Meta:
        table = "inbound_shipment"
        indexes = [
            Index(fields=("status", "created_at", "id"), name="inbound_shipment_status"),
            Index(fields=("location_id",), name="inbound_shipment_location"),
            Index(fields=("from_location_id",), name="inbound_shipment_from"),
        ]


class InboundLine(Row):
    """Units of a variant in an inbound shipment: how many were announced, and how many have come, which may be more."""

    inbound: fields.ForeignKeyRelation[InboundShipment] = fields.ForeignKeyField(
        "packhouse.InboundShipment", related_name="lines", on_delete=fields.RESTRICT
    )
    inbound_id: UUID
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="inbound_lines", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    sku = fields.CharField(max_length=100)
    expected = fields.IntField()
    received = fields.IntField(default=0)

    class Meta:
        table = "inbound_line"
        unique_together = (("inbound", "variant"),)
        indexes = [Index(fields=("variant_id",), name="inbound_line_variant")]
        constraints = (CheckConstraint(check="expected > 0 AND received >= 0", name="inbound_line_units"),)
