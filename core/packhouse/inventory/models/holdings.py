"""Bins and lots, where a stock level is divided by them."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.catalog.models import Variant
from packhouse.inventory.models.inbound import InboundShipment
from packhouse.inventory.models.levels import Location, StockMovement
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class Bin(Row):
    """A place on the shelves of a location; pickers walk by `sequence`, then by code. Codes are never changed."""

    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="bins", on_delete=fields.RESTRICT
    )
    location_id: UUID
    code = fields.CharField(max_length=32)
    sequence = fields.IntField(default=0)
    kind = fields.CharField(max_length=16)
    is_active = fields.BooleanField(default=True)
    created_at = Moment()

    class Meta:
        table = "bin"
        unique_together = (("location", "code"),)


class LotTracking(Row):
    """That a variant's units are kept apart by lot, and how many days of shelf life they must have left when they are sold."""

    variant: fields.OneToOneRelation[Variant] = fields.OneToOneField(
        "packhouse.Variant", related_name="lot_tracking", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    minimum_days = fields.IntField(default=0)
    created_at = Moment()

    class Meta:
        table = "lot_tracking"
        constraints = (CheckConstraint(check="minimum_days >= 0", name="lot_tracking_days"),)


class Lot(Row):
    """Units that were made together. `expires_on` is the last day on which they are good; codes are never changed."""

    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="lots", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    code = fields.CharField(max_length=64)
    expires_on = fields.DateField(null=True)
    status = fields.CharField(max_length=16)
    reason = fields.CharField(max_length=255, default="")
    inbound: fields.ForeignKeyNullableRelation[InboundShipment] = fields.ForeignKeyField(
        "packhouse.InboundShipment", related_name="lots", on_delete=fields.RESTRICT, null=True
    )
    inbound_id: UUID | None
    created_at = Moment()
    recalled_at = Moment(null=True)

    class Meta:
        table = "lot"
        unique_together = (("variant", "code"),)
        indexes = [
            Index(fields=("status", "expires_on"), name="lot_due"),
            Index(fields=("inbound_id",), name="lot_inbound"),
        ]


class StockHolding(Row):
    """Units of a divided stock level in one bin and of one lot; both are codes, empty where nobody said."""

    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="holdings", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="holdings", on_delete=fields.RESTRICT
    )
    location_id: UUID
    bin = fields.CharField(max_length=32)
    lot = fields.CharField(max_length=64)
    on_hand = fields.IntField()
    damaged = fields.IntField()
    quarantined = fields.IntField()

    class Meta:
        table = "stock_holding"
        unique_together = (("variant", "location", "bin", "lot"),)
        indexes = [
            Index(fields=("location_id", "bin"), name="stock_holding_bin"),
            Index(fields=("variant_id", "lot"), name="stock_holding_lot"),
        ]
        constraints = (
            CheckConstraint(
                check="damaged >= 0 AND quarantined >= 0 AND damaged + quarantined <= on_hand",
                name="stock_holding_units",
            ),
        )


class HoldingEntry(Row):
    """Where a movement of a divided stock level happened: its deltas in one bin and of one lot. Never updated, never deleted."""

    movement: fields.ForeignKeyRelation[StockMovement] = fields.ForeignKeyField(
        "packhouse.StockMovement", related_name="entries", on_delete=fields.RESTRICT
    )
    movement_id: UUID
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="holding_entries", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="holding_entries", on_delete=fields.RESTRICT
    )
    location_id: UUID
    bin = fields.CharField(max_length=32)
    lot = fields.CharField(max_length=64)
    on_hand = fields.IntField()
    damaged = fields.IntField()
    quarantined = fields.IntField()

    class Meta:
        table = "holding_entry"
        indexes = [
            Index(fields=("movement_id",), name="holding_entry_movement"),
            Index(fields=("variant_id", "location_id", "bin", "lot"), name="holding_entry_key"),
            Index(fields=("variant_id", "lot", "id"), name="holding_entry_lot"),
            Index(fields=("location_id",), name="holding_entry_location"),
        ]


class HoldingClaim(Row):
    """Units in one bin and of one lot that a pick was given, until they have left, or the pick has ended."""

    pick_id = fields.UUIDField(unique=True)
    fulfillment_order_line_id = fields.UUIDField()
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="holding_claims", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="holding_claims", on_delete=fields.RESTRICT
    )
    location_id: UUID
    bin = fields.CharField(max_length=32)
    lot = fields.CharField(max_length=64)
    quantity = fields.IntField()

    class Meta:
        table = "holding_claim"
        indexes = [
            Index(fields=("variant_id", "location_id"), name="holding_claim_key"),
            Index(fields=("variant_id", "lot"), name="holding_claim_lot"),
            Index(fields=("fulfillment_order_line_id",), name="holding_claim_work"),
            Index(fields=("location_id",), name="holding_claim_location"),
        ]
        constraints = (CheckConstraint(check="quantity > 0", name="holding_claim_quantity_positive"),)
