"""The log, and what was done with it."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class EventRow(Row):
    """One event. `position` is its place in commit order, given after the commit; readers use positions only.

    `ordinal` is its place among the events of its transaction. `traceparent` names the span in which it happened, so that its
    deliveries are seen in the same trace; empty where nothing is traced. `plugins_version` is that of the plugins whose deliveries
    were made with it, below nothing where none were known, null where that is not to be completed. `moved` are the variants whose
    stock its transaction moved, null for none; the first event of a transaction has them.
    """

    position = fields.BigIntField(null=True, unique=True)
    type = fields.CharField(max_length=48)
    order_id = fields.UUIDField(null=True)
    customer_id = fields.UUIDField(null=True)
    actor = fields.CharField(max_length=64)
    origin = fields.CharField(max_length=64)
    reason = fields.CharField(max_length=255, default="")
    correlation_id = fields.CharField(max_length=64, default="")
    causation_id = fields.CharField(max_length=64, default="")
    traceparent = fields.CharField(max_length=55, default="", db_default="")
    schema_version = fields.IntField(default=1)
    plugins_version = fields.BigIntField(null=True)
    moved: list[str] | None = fields.JSONField(null=True)
    payload: dict[str, Any] = fields.JSONField()
    occurred_at = Moment()
    recorded_at = Moment()
    ordinal = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "event"
        indexes = [
            Index(fields=("order_id", "occurred_at"), name="event_order"),
            Index(fields=("type", "position"), name="event_type"),
        ]


class PositionCounter(Model):
    """A log's last position: counted, not looked up, so that none is given again after a deletion.

    Entries up to `trimmed` may be missing: they were taken out for their age.
    """

    name = fields.CharField(max_length=16, primary_key=True)
    position = fields.BigIntField()
    trimmed = fields.BigIntField(default=0, db_default=0)

    class Meta:
        table = "position_counter"


class PluginsVersion(Model):
    """Counts the changes of plugins and their settings, one row: processes compare it with what they have taken over."""

    name = fields.CharField(max_length=16, primary_key=True)
    version = fields.BigIntField()

    class Meta:
        table = "plugins_version"


class LogReader(Model):
    """Up to which position somebody outside has read the log."""

    name = fields.CharField(max_length=64, primary_key=True)
    position = fields.BigIntField()

    class Meta:
        table = "log_reader"


class Delivery(Row):
    """One event that one plugin shall get, written in the event's own transaction. `status`: pending, done, dead.

    `attempts` counts all tries except those that a rate limit turned away or that failed on our side, `faults` those among them in which the
    plugin's own code failed; `failing_since` is when the first that failed did so. `next_attempt_at` is set between two.
    """

    event_id = fields.UUIDField()
    plugin = fields.CharField(max_length=100)
    lane_id = fields.UUIDField()
    status = fields.CharField(max_length=16, default="pending", db_default="pending")
    attempts = fields.IntField(default=0, db_default=0)
    faults = fields.IntField(default=0, db_default=0)
    failing_since = Moment(null=True)
    last_error = fields.CharField(max_length=500, default="", db_default="")
    next_attempt_at = Moment(null=True)
    finished_at = Moment(null=True)

    class Meta:
        table = "delivery"
        unique_together = (("event_id", "plugin"),)
        # what people look at: the newest deliveries of a plugin
        indexes = [Index(fields=("plugin", "id"), name="delivery_plugin")]
        # the lane's queue: a partial index that holds what is still to do
        constraints = [
            UniqueConstraint(fields=("lane_id", "event_id"), name="delivery_lane", condition="status = 'pending'"),
            UniqueConstraint(fields=("plugin", "id"), name="delivery_dead", condition="status = 'dead'"),
        ]


class DeliveryAttempt(Row):
    """One try to hand a delivery to its plugin. `position` is its place in commit order among all attempts.

    `answer` is what the other side said, as the plugin told it.
    """

    delivery_id = fields.UUIDField()
    position = fields.BigIntField(unique=True)
    started_at = Moment()
    duration_ms = fields.IntField()
    ok = fields.BooleanField()
    error = fields.CharField(max_length=500, default="")
    answer = fields.CharField(max_length=1000, default="", db_default="")

    class Meta:
        table = "delivery_attempt"
        indexes = [Index(fields=("delivery_id", "started_at"), name="delivery_attempt_delivery")]


class Lane(Row):
    """What one plugin shall get of one order, in order. The row exists only while there is something to deliver.

    `due_at` is when a worker may take it: while it is leased (`lease_owner` is set) that is the end of the lease, after
    a failed attempt the time of the next one. `version` counts the times that events were added.
    """

    plugin = fields.CharField(max_length=100)
    due_at = Moment()
    lease_owner = fields.UUIDField(null=True)
    version = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "lane"
        indexes = [Index(fields=("plugin", "due_at"), name="lane_due")]


class PluginPause(Model):
    """Deliveries to a plugin are paused: by hand until they are resumed (`until` None), or by the breaker until a probe.

    `openings` counts how often in a row the breaker opened; the row goes when deliveries work again.
    """

    plugin = fields.CharField(max_length=100, primary_key=True)
    kind = fields.CharField(max_length=16)
    reason = fields.CharField(max_length=500, default="")
    since = Moment()
    until = Moment(null=True)
    openings = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "plugin_pause"


class ProviderCall(Row):
    """The intent of a call with an effect outside, written before it is made, and how it ended.

    `status`: requested, done, failed, in_doubt. A call in doubt is reconciled by asking, never by repeating blindly.
    `attempts` counts the callers that took it up, and is the fence against one that comes back late; until `claimed_until`
    the caller that took it up last is still at work.
    """

    provider = fields.CharField(max_length=64)
    operation = fields.CharField(max_length=32)
    subject_id = fields.UUIDField()
    order_id = fields.UUIDField(null=True)
    idempotency_key = fields.CharField(max_length=255, unique=True)
    status = fields.CharField(max_length=16)
    error = fields.CharField(max_length=500, default="")
    attempts = fields.IntField(default=0)
    claimed_until = Moment(null=True)
    created_at = Moment()
    finished_at = Moment(null=True)

    class Meta:
        table = "provider_call"
        indexes = [
            Index(fields=("subject_id", "operation"), name="provider_call_subject"),
            Index(fields=("status", "created_at"), name="provider_call_status"),
            Index(fields=("order_id",), name="provider_call_order"),
        ]
