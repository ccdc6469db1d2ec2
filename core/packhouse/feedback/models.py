"""Reviews asked for, and reviews that came back."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.orders.models import Order
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class ReviewRequest(Row):
    """A customer shall be asked for a review of an order at `send_at`."""

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="review_requests", on_delete=fields.RESTRICT
    )
    order_id: UUID
    platform = fields.CharField(max_length=64)
    status = fields.CharField(max_length=16)
    external_id = fields.CharField(max_length=128, default="")
    reason = fields.CharField(max_length=255, default="")
    attempts = fields.IntField(default=0)
    send_at = Moment()
    due_at = Moment(null=True)
    sent_at = Moment(null=True)
    answered_at = Moment(null=True)

    class Meta:
        table = "review_request"
        unique_together = (("order", "platform"),)
        indexes = [Index(fields=("due_at",), name="review_request_due")]


class Review(Row):
    """What a customer said. `score` is 1 to 5; a review with a SKU is about the product, one without about the order."""

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="reviews", on_delete=fields.RESTRICT
    )
    order_id: UUID
    platform = fields.CharField(max_length=64)
    external_id = fields.CharField(max_length=128)
    sku = fields.CharField(max_length=100, default="")
    score = fields.IntField()
    title = fields.CharField(max_length=255, default="")
    body = fields.TextField(default="")
    created_at = Moment()
    answered_at = Moment(null=True)

    class Meta:
        table = "review"
        unique_together = (("platform", "external_id", "order"),)
        indexes = [Index(fields=("order_id", "created_at"), name="review_order")]
        constraints = (CheckConstraint(check="score >= 1 AND score <= 5", name="review_score"),)


class ReviewCursor(Row):
    """How far the reviews of a platform were pulled."""

    platform = fields.CharField(max_length=64, unique=True)
    cursor = fields.TextField(default="")
    last_error = fields.CharField(max_length=500, default="")
    pulled_at = Moment(null=True)

    class Meta:
        table = "review_cursor"


class QuarantinedReview(Row):
    """A review that could not be tied to an order, or not be read: kept with the reason, and tried again with each pull."""

    platform = fields.CharField(max_length=64)
    external_id = fields.CharField(max_length=128)
    order_number = fields.CharField(max_length=128)
    sku = fields.CharField(max_length=100, default="")
    score = fields.BigIntField()
    title = fields.CharField(max_length=255, default="")
    body = fields.TextField(default="")
    created_at = Moment()
    reason = fields.CharField(max_length=255)
    received_at = Moment()

    class Meta:
        table = "quarantined_review"
        unique_together = (("platform", "external_id"),)
        indexes = [Index(fields=("platform", "received_at"), name="quarantined_review_platform")]
