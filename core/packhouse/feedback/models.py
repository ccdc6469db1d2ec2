"""Reviews asked for, and reviews that came back."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.feedback.states import ReplyStatus
from packhouse.orders.models import Order, OrderLine
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
    """What a customer said. `score` is 1 to 5; a review with a SKU is about the product, one without about the order.

    `order_line` is the line that it is tied to. `edited_at` is when the customer changed it, `removed_at` when it was found to
    be gone from its platform, `recheck_at` when it is read there again. `reply` is our public answer, posted at `answered_at`.
    """

    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "packhouse.Order", related_name="reviews", on_delete=fields.RESTRICT
    )
    order_id: UUID
    order_line: fields.ForeignKeyNullableRelation[OrderLine] = fields.ForeignKeyField(
        "packhouse.OrderLine", related_name="reviews", on_delete=fields.RESTRICT, null=True
    )
    order_line_id: UUID | None
    platform = fields.CharField(max_length=64)
    external_id = fields.CharField(max_length=128)
    sku = fields.CharField(max_length=100, default="")
    score = fields.IntField()
    title = fields.CharField(max_length=255, default="")
    body = fields.TextField(default="")
    language = fields.CharField(max_length=35, default="", db_default="")
    created_at = Moment()
    edited_at = Moment(null=True)
    removed_at = Moment(null=True)
    recheck_at = Moment(null=True)
    reply = fields.TextField(default="", db_default="")
    reply_status = fields.CharField(max_length=16, default=ReplyStatus.NONE.value, db_default=ReplyStatus.NONE.value)
    reply_error = fields.CharField(max_length=255, default="", db_default="")
    replied_by = fields.CharField(max_length=64, default="", db_default="")
    answered_at = Moment(null=True)

    class Meta:
        table = "review"
        unique_together = (("platform", "external_id", "order"),)
        indexes = [
            Index(fields=("order_id", "created_at"), name="review_order"),
            Index(fields=("order_line_id",), name="review_order_line"),
            Index(fields=("created_at", "id"), name="review_created"),
            Index(fields=("platform", "created_at", "id"), name="review_platform"),
            Index(fields=("sku", "created_at", "id"), name="review_sku"),
            Index(fields=("reply_status", "created_at", "id"), name="review_reply"),
            Index(fields=("platform", "recheck_at"), name="review_recheck"),
        ]
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
    """A review that could not be tied to an order, or not be read: kept with the reason, and tried again at `due_at`.

    One that somebody dismissed stays without its text, so that it is not taken in again.
    """

    platform = fields.CharField(max_length=64)
    external_id = fields.CharField(max_length=128)
    order_number = fields.CharField(max_length=128)
    sku = fields.CharField(max_length=100, default="")
    score = fields.BigIntField()
    title = fields.CharField(max_length=255, default="")
    body = fields.TextField(default="")
    language = fields.CharField(max_length=35, default="")
    created_at = Moment()
    edited_at = Moment(null=True)
    problem = fields.CharField(max_length=255, default="")
    reason = fields.CharField(max_length=255)
    attempts = fields.IntField(default=0)
    received_at = Moment()
    due_at = Moment(null=True)
    dismissed_at = Moment(null=True)

    class Meta:
        table = "quarantined_review"
        unique_together = (("platform", "external_id"),)
        indexes = [
            Index(fields=("platform", "due_at"), name="quarantined_review_due"),
            Index(fields=("received_at", "id"), name="quarantined_review_received"),
            Index(fields=("platform", "received_at", "id"), name="quarantined_review_platform"),
        ]
