"""The receipt of a routing decision."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index

from packhouse.orders.models import Order
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class RoutingDecision(Row):
    """Why the units went where they went: every candidate location, its score, and why it lost."""

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="routing_decisions", on_delete=fields.RESTRICT
    )
    order_id: UUID
    rule_version = fields.CharField(max_length=32)
    receipt: dict[str, Any] = fields.JSONField()
    decided_at = Moment()

    class Meta:
        table = "routing_decision"
        indexes = [Index(fields=("order_id", "decided_at"), name="routing_decision_order")]
