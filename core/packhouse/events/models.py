"""The log, and what was done with it."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from packhouse.storage.rows import Row


class EventRow(Row):
    """One event. `position` is its place in commit order, given after the commit; readers use positions only."""

    position = fields.BigIntField(null=True, unique=True)
    type = fields.CharField(max_length=32)
    order_id = fields.UUIDField(null=True)
    actor = fields.CharField(max_length=64)
    origin = fields.CharField(max_length=64)
    reason = fields.CharField(max_length=255, default="")
    correlation_id = fields.CharField(max_length=64, default="")
    causation_id = fields.CharField(max_length=64, default="")
    schema_version = fields.IntField(default=1)
    payload: dict[str, Any] = fields.JSONField()
    occurred_at = fields.DatetimeField()
    recorded_at = fields.DatetimeField()

    class Meta:
        table = "event"
        indexes = [
            Index(fields=("order_id", "occurred_at"), name="event_order"),
            Index(fields=("type", "position"), name="event_type"),
        ]


class ProviderCall(Row):
    """The intent of a call with an effect outside, written before it is made, and how it ended.

    `status`: requested, done, failed, in_doubt. A call in doubt is reconciled by asking, never by repeating blindly.
    """

    provider = fields.CharField(max_length=64)
    operation = fields.CharField(max_length=32)
    subject_id = fields.UUIDField()
    order_id = fields.UUIDField(null=True)
    idempotency_key = fields.CharField(max_length=255, unique=True)
    status = fields.CharField(max_length=16)
    error = fields.CharField(max_length=500, default="")
    attempts = fields.IntField(default=0)
    created_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "provider_call"
        indexes = [
            Index(fields=("subject_id", "operation"), name="provider_call_subject"),
            Index(fields=("status", "created_at"), name="provider_call_status"),
            Index(fields=("order_id",), name="provider_call_order"),
        ]
