"""Where stock lies, how much of it, and every movement that made it so."""

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


class Backorder(Row):
    """Units of a placed order's work that wait for stock at a location: `quantity` still do, of the `asked` ones.

    `promised_at` is the earliest date that was ever said, and `rank_on` the day by which it is served: that date's, or a
    while after it was asked for where nobody knew one. `expected_at` is what is known now; null: nothing.
    """

    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="backorders", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="backorders", on_delete=fields.RESTRICT
    )
    location_id: UUID
    order_id = fields.UUIDField()
    order_line_id = fields.UUIDField()
    fulfillment_order_line_id = fields.UUIDField()
    sku = fields.CharField(max_length=100)
    status = fields.CharField(max_length=16)
    asked = fields.IntField()
    quantity = fields.IntField()
    promised_at = Moment(null=True)
    expected_at = Moment(null=True)
    rank_on = Moment()
    created_at = Moment()
    ended_at = Moment(null=True)

    class Meta:
        table = "backorder"
        indexes = [
            Index(fields=("variant_id", "location_id", "status", "rank_on"), name="backorder_queue"),
            Index(fields=("order_id", "created_at"), name="backorder_order"),
            Index(fields=("order_line_id",), name="backorder_line"),
            Index(fields=("fulfillment_order_line_id",), name="backorder_work"),
        ]
        constraints = (
            CheckConstraint(check="asked > 0 AND quantity >= 0 AND quantity <= asked", name="backorder_units"),
        )


class BackorderSupply(Row):
    """Units that were given to a waiting order: how many, out of what, and why it was its turn."""

    backorder: fields.ForeignKeyRelation[Backorder] = fields.ForeignKeyField(
        "packhouse.Backorder", related_name="supplies", on_delete=fields.RESTRICT
    )
    backorder_id: UUID
    order_id = fields.UUIDField()
    quantity = fields.IntField()
    place = fields.IntField()
    waiting = fields.IntField()
    source = fields.CharField(max_length=255)
    explanation = fields.CharField(max_length=500)
    given_at = Moment()

    class Meta:
        table = "backorder_supply"
        indexes = [
            Index(fields=("backorder_id", "given_at"), name="backorder_supply_backorder"),
            Index(fields=("order_id", "given_at"), name="backorder_supply_order"),
        ]
        constraints = (CheckConstraint(check="quantity > 0", name="backorder_supply_quantity_positive"),)


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


class StockCount(Row):
    """Counting what lies at a location. `approver` is a person, as whoever asks names them.

    `fulfillment_order_id` is the work whose picker asked for it; `currency` that of the values, empty where none are known.
    """

    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="stock_counts", on_delete=fields.RESTRICT
    )
    location_id: UUID
    status = fields.CharField(max_length=16)
    is_blind = fields.BooleanField(default=True)
    reason = fields.CharField(max_length=255)
    fulfillment_order_id = fields.UUIDField(null=True)
    approver = fields.CharField(max_length=64, default="")
    note = fields.CharField(max_length=255, default="")
    currency = fields.CharField(max_length=3, default="")
    created_at = Moment()
    started_at = Moment(null=True)
    submitted_at = Moment(null=True)
    decided_at = Moment(null=True)
    closed_at = Moment(null=True)

    class Meta:
        table = "stock_count"
        indexes = [
            Index(fields=("status", "created_at", "id"), name="stock_count_status"),
            Index(fields=("location_id", "status"), name="stock_count_location"),
        ]


class StockCountLine(Row):
    """A variant to count, in units. `expected` is what was on hand when counting started.

    When `counter` counted it, `on_hand` were there by the ledger, `away` of them picked and not yet gone, so not on the shelf.
    `unit_value` is in minor units of the count's currency.
    """

    stock_count: fields.ForeignKeyRelation[StockCount] = fields.ForeignKeyField(
        "packhouse.StockCount", related_name="lines", on_delete=fields.RESTRICT
    )
    stock_count_id: UUID
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="stock_count_lines", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    sku = fields.CharField(max_length=100)
    bin = fields.CharField(max_length=32, default="")
    expected = fields.IntField(null=True)
    counted = fields.IntField(null=True)
    on_hand = fields.IntField(null=True)
    away = fields.IntField(default=0)
    counted_at = Moment(null=True)
    counter = fields.CharField(max_length=64, default="")
    unit_value = fields.BigIntField(null=True)

    class Meta:
        table = "stock_count_line"
        unique_together = (("stock_count", "variant"),)
        indexes = [
            Index(fields=("variant_id",), name="stock_count_line_variant"),
            Index(fields=("stock_count_id", "id"), name="stock_count_line_page"),
        ]
        constraints = (
            CheckConstraint(check="counted >= 0 AND away >= 0", name="stock_count_line_units"),
            CheckConstraint(
                check="(counted IS NULL) = (on_hand IS NULL) AND (counted IS NULL) = (counted_at IS NULL)",
                name="stock_count_line_counted",
            ),
        )

    @property
    def variance(self) -> int | None:
        """Units found beyond what the shelf should have had (below nothing: missing); None while it is not counted."""
        if self.counted is None or self.on_hand is None:
            return None
        return self.counted + self.away - self.on_hand
