"""The record of an order: what was ordered, by whom, for how much, and how far each unit has come."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from packhouse.catalog.models import Variant
from packhouse.customers.models import Customer
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class Order(Row):
    """An order. Amounts are minor units of `currency`; addresses are snapshots; `status` is the only stored state.

    `cancel_requested_at`: it shall be cancelled, and waits for the answer of somebody else who works on it. The higher its
    `priority`, the sooner it is given stock among waiting orders of one promised day.
    """

    number = fields.CharField(max_length=64)
    channel = fields.CharField(max_length=64)
    external_id = fields.CharField(max_length=128, default="")
    status = fields.CharField(max_length=16)
    customer: fields.ForeignKeyNullableRelation[Customer] = fields.ForeignKeyField(
        "packhouse.Customer", related_name="orders", on_delete=fields.RESTRICT, null=True
    )
    customer_id: UUID | None
    email = fields.CharField(max_length=254, default="")
    locale = fields.CharField(max_length=35, default="", db_default="")
    currency = fields.CharField(max_length=3)
    subtotal = fields.BigIntField()
    discount = fields.BigIntField(default=0)
    shipping = fields.BigIntField(default=0)
    tax = fields.BigIntField(default=0)
    total = fields.BigIntField()
    tax_included = fields.BooleanField(default=False)
    shipping_address: dict[str, str] | None = fields.JSONField(null=True)
    billing_address: dict[str, str] | None = fields.JSONField(null=True)
    note = fields.TextField(default="")
    tags: list[str] = fields.JSONField(default=list)
    shipping_speed = fields.CharField(max_length=16, default="standard")
    priority = fields.IntField(default=0, db_default=0)
    cancel_reason = fields.CharField(max_length=255, default="")
    is_imported = fields.BooleanField(default=False)
    is_demo = fields.BooleanField(default=False)
    channel_updated_at = Moment(null=True)
    placed_at = Moment()
    confirmed_at = Moment(null=True)
    completed_at = Moment(null=True)
    cancel_requested_at = Moment(null=True)
    cancelled_at = Moment(null=True)
    updated_at = Moment()

    class Meta:
        table = "orders"
        unique_together = (("channel", "number"),)
        indexes = [
            Index(fields=("placed_at", "id"), name="orders_placed"),
            Index(fields=("updated_at", "id"), name="orders_updated"),
            Index(fields=("total", "id"), name="orders_total"),
            Index(fields=("number", "id"), name="orders_number"),
            Index(fields=("external_id",), name="orders_external_id"),
            Index(fields=("status", "placed_at", "id"), name="orders_status"),
            Index(fields=("channel", "placed_at", "id"), name="orders_channel"),
            Index(fields=("email", "placed_at", "id"), name="orders_email"),
            Index(fields=("customer_id", "placed_at", "id"), name="orders_customer"),
        ]
        constraints = (
            UniqueConstraint(fields=("channel", "external_id"), name="orders_external", condition="external_id <> ''"),
            CheckConstraint(check="total >= 0 AND subtotal >= 0 AND shipping >= 0", name="orders_amounts_not_negative"),
        )


class OrderLine(Row):
    """A line with its counters in units; amounts are for the whole line, except `unit_price`."""

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="lines", on_delete=fields.RESTRICT
    )
    order_id: UUID
    position = fields.IntField()
    external_id = fields.CharField(max_length=128, default="")
    variant_id = fields.UUIDField(null=True)
    sku = fields.CharField(max_length=100)
    title = fields.CharField(max_length=255)
    requires_shipping = fields.BooleanField(default=True)
    is_bundle = fields.BooleanField(default=False, db_default=False)
    ordered = fields.IntField()
    allocated = fields.IntField(default=0)
    backordered = fields.IntField(default=0)
    shipped = fields.IntField(default=0)
    delivered = fields.IntField(default=0)
    returned = fields.IntField(default=0)
    cancelled = fields.IntField(default=0)
    unit_price = fields.BigIntField()
    discount = fields.BigIntField(default=0)
    tax = fields.BigIntField(default=0)
    total = fields.BigIntField()

    class Meta:
        table = "order_line"
        unique_together = (("order", "position"),)
        indexes = [
            Index(fields=("variant_id",), name="order_line_variant"),
            Index(fields=("sku",), name="order_line_sku"),
        ]
        constraints = (
            CheckConstraint(check="ordered > 0", name="order_line_ordered_positive"),
            CheckConstraint(
                check="allocated >= 0 AND backordered >= 0 AND shipped >= 0 AND delivered >= 0 AND returned >= 0"
                " AND cancelled >= 0",
                name="order_line_counters_not_negative",
            ),
            CheckConstraint(
                check="allocated + backordered + shipped + cancelled <= ordered", name="order_line_within_ordered"
            ),
            CheckConstraint(check="delivered <= shipped", name="order_line_delivered_within_shipped"),
            CheckConstraint(check="returned <= shipped", name="order_line_returned_within_shipped"),
        )


class OrderLineComponent(Row):
    """What one unit of a bundle on an order line was made of when it was ordered."""

    order_line: fields.ForeignKeyRelation[OrderLine] = fields.ForeignKeyField(
        "packhouse.OrderLine", related_name="components", on_delete=fields.RESTRICT
    )
    order_line_id: UUID
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="order_line_components", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    sku = fields.CharField(max_length=100)
    quantity = fields.IntField()

    class Meta:
        table = "order_line_component"
        unique_together = (("order_line", "variant"),)
        indexes = [Index(fields=("variant_id",), name="order_line_component_variant")]
        constraints = (CheckConstraint(check="quantity > 0", name="order_line_component_quantity_positive"),)


class Hold(Row):
    """A reason why nothing of the order may be picked or shipped now; in force until `released_at`."""

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="holds", on_delete=fields.RESTRICT
    )
    order_id: UUID
    reason = fields.CharField(max_length=32)
    note = fields.CharField(max_length=255, default="")
    placed_by = fields.CharField(max_length=64)
    placed_at = Moment()
    released_by = fields.CharField(max_length=64, default="")
    released_at = Moment(null=True)

    class Meta:
        table = "hold"
        indexes = [
            Index(fields=("order_id", "released_at"), name="hold_order"),
            Index(fields=("released_at", "order_id"), name="hold_open"),
        ]
