"""By which rules orders are routed, and the receipt of each decision."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint

from packhouse.orders.models import Order
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class RoutingRules(Row):
    """A version of the rules of a channel (empty: of all channels without rules of their own). Never changed, only followed.

    `rules` is a list of {kind, options}; `is_active` is true for the newest version of each channel.
    """

    channel = fields.CharField(max_length=64, default="")
    number = fields.IntField()
    rules: list[dict[str, Any]] = fields.JSONField()
    split = fields.CharField(max_length=16)
    most_parcels = fields.IntField()
    is_active = fields.BooleanField()
    note = fields.CharField(max_length=255, default="")
    actor = fields.CharField(max_length=64)
    created_at = Moment()

    class Meta:
        table = "routing_rules"
        unique_together = (("channel", "number"),)
        constraints = [
            UniqueConstraint(fields=("channel",), name="routing_rules_active", condition="is_active"),
        ]


class RoutingDecision(Row):
    """Why the units went where they went: every candidate location, its score, and why it lost.

    `question` is what was decided on, complete enough to be decided again.
    """

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="routing_decisions", on_delete=fields.RESTRICT
    )
    order_id: UUID
    rule_version = fields.CharField(max_length=32)
    receipt: dict[str, Any] = fields.JSONField()
    question: dict[str, Any] = fields.JSONField(default=dict)
    decided_at = Moment()

    class Meta:
        table = "routing_decision"
        indexes = [
            Index(fields=("order_id", "decided_at"), name="routing_decision_order"),
            Index(fields=("decided_at", "id"), name="routing_decision_time"),
        ]


class Postcode(Row):
    """Where a postcode is: degrees north and east, the mean of the places that share it. Written as `normal_postcode` does."""

    country = fields.CharField(max_length=2)
    postcode = fields.CharField(max_length=20)
    latitude = fields.FloatField()
    longitude = fields.FloatField()

    class Meta:
        table = "postcode"
        unique_together = (("country", "postcode"),)
