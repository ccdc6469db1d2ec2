"""Stock counts, and what was found."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.catalog.models import Variant
from packhouse.inventory.models.levels import Location
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


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

    When `counter` counted it, as told by the actor `counted_by`, `on_hand` were there by the ledger, `away` of them picked and not yet gone, so not on the shelf.
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
    counted_by = fields.CharField(max_length=64, default="")
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
