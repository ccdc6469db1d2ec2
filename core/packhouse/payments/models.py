"""Money that came in and went back: append-only."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from packhouse.orders.models import Order
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class PaymentEvent(Row):
    """One thing that happened to the order's money; `amount` in minor units of the order's currency, never negative.

    `attempt` ties a request to its answer: the refund's id for what a refund of ours went through, else empty. `grown_to`
    is for a payment that a channel reports with a growing amount: what it came to with this part, 0 for the first.
    """

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="payment_events", on_delete=fields.RESTRICT
    )
    order_id: UUID
    kind = fields.CharField(max_length=16)
    outcome = fields.CharField(max_length=16)
    amount = fields.BigIntField()
    provider = fields.CharField(max_length=64, default="")
    method = fields.CharField(max_length=64, default="")
    external_id = fields.CharField(max_length=128, default="")
    attempt = fields.CharField(max_length=64, default="", db_default="")
    grown_to = fields.BigIntField(default=0, db_default=0)
    note = fields.CharField(max_length=255, default="")
    occurred_at = Moment()

    class Meta:
        table = "payment_event"
        indexes = [Index(fields=("order_id", "occurred_at"), name="payment_event_order")]
        constraints = (
            UniqueConstraint(
                fields=("order_id", "kind", "outcome", "external_id", "grown_to"),
                name="payment_event_external",
                condition="external_id <> ''",
            ),
            CheckConstraint(check="amount >= 0", name="payment_event_amount_not_negative"),
        )


class Refund(Row):
    """Money we decided to give back, and how far that came (requested, done, failed, in_doubt).

    `charge_id` is the payment event that a provider takes it back from; none, and no provider, for one made by hand.
    `retry_of_id` is the failed refund that this one tries again; each is tried again once at most.
    """

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="refunds", on_delete=fields.RESTRICT
    )
    order_id: UUID
    return_id = fields.UUIDField(null=True)
    charge_id = fields.UUIDField(null=True)
    retry_of_id = fields.UUIDField(null=True, unique=True)
    amount = fields.BigIntField()
    provider = fields.CharField(max_length=64, default="")
    reference = fields.CharField(max_length=128, default="")
    status = fields.CharField(max_length=16)
    reason = fields.CharField(max_length=255, default="")
    created_at = Moment()
    finished_at = Moment(null=True)

    class Meta:
        table = "refund"
        indexes = [
            Index(fields=("order_id", "created_at"), name="refund_order"),
            Index(fields=("return_id",), name="refund_return"),
        ]
        constraints = (CheckConstraint(check="amount > 0", name="refund_amount_positive"),)
