"""Orders that wait for stock, and what is to come for them."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.catalog.models import Variant
from packhouse.inventory.models.levels import Location
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


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
