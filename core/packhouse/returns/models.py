"""Goods that come back, what became of each unit, and of its money."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.inventory.models import Location
from packhouse.orders.models import Order, OrderLine
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class Return(Row):
    """A return merchandise authorisation (RMA) of an order."""

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="returns", on_delete=fields.RESTRICT
    )
    order_id: UUID
    number = fields.CharField(max_length=32, unique=True)
    status = fields.CharField(max_length=24)
    note = fields.CharField(max_length=500, default="")
    decline_reason = fields.CharField(max_length=255, default="")
    requested_at = Moment()
    approved_at = Moment(null=True)
    received_at = Moment(null=True)
    closed_at = Moment(null=True)

    class Meta:
        table = "return_request"
        indexes = [
            Index(fields=("order_id", "requested_at"), name="return_order"),
            Index(fields=("status", "requested_at"), name="return_status"),
        ]


class ReturnLine(Row):
    """Units of an order line that come back, and why; `refund` in minor units of the order's currency, paid by `refund_id`."""

    return_request: fields.ForeignKeyRelation[Return] = fields.ForeignKeyField(
        "packhouse.Return", related_name="lines", on_delete=fields.RESTRICT
    )
    return_request_id: UUID
    order_line: fields.ForeignKeyRelation[OrderLine] = fields.ForeignKeyField(
        "packhouse.OrderLine", related_name="return_lines", on_delete=fields.RESTRICT
    )
    order_line_id: UUID
    quantity = fields.IntField()
    received = fields.IntField(default=0)
    reason = fields.CharField(max_length=32)
    custody = fields.CharField(max_length=16)
    money = fields.CharField(max_length=16)
    refund = fields.BigIntField(default=0)
    refund_id = fields.UUIDField(null=True)

    class Meta:
        table = "return_line"
        indexes = [
            Index(fields=("return_request_id",), name="return_line_return"),
            Index(fields=("order_line_id",), name="return_line_order_line"),
        ]
        constraints = (
            CheckConstraint(check="quantity > 0", name="return_line_quantity_positive"),
            CheckConstraint(check="received >= 0 AND received <= quantity", name="return_line_received_within"),
        )


class ReturnInspection(Row):
    """What became of received units: restock, quarantine, scrap or send_back, at which location."""

    return_line: fields.ForeignKeyRelation[ReturnLine] = fields.ForeignKeyField(
        "packhouse.ReturnLine", related_name="inspections", on_delete=fields.RESTRICT
    )
    return_line_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="inspections", on_delete=fields.RESTRICT
    )
    location_id: UUID
    quantity = fields.IntField()
    disposition = fields.CharField(max_length=16)
    note = fields.CharField(max_length=255, default="")
    inspected_at = Moment()

    class Meta:
        table = "return_inspection"
        indexes = [
            Index(fields=("return_line_id",), name="return_inspection_line"),
            Index(fields=("location_id",), name="return_inspection_location"),
        ]
        constraints = (CheckConstraint(check="quantity > 0", name="return_inspection_quantity_positive"),)
