"""Channels, what they call our variants, and every message they sent."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index

from packhouse.catalog.models import Variant
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class Channel(Row):
    """A place where orders are placed. `provider` is the plugin's code behind it, empty for the API's own channels."""

    code = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=255)
    provider = fields.CharField(max_length=64, default="")
    is_active = fields.BooleanField(default=True)
    is_demo = fields.BooleanField(default=False)
    pulled_until = Moment(null=True)
    pull_cursor = fields.TextField(default="")
    next_pull_at = Moment(null=True)
    last_error = fields.CharField(max_length=500, default="")
    created_at = Moment()

    class Meta:
        table = "channel"
        indexes = [Index(fields=("next_pull_at",), name="channel_pull")]


class Listing(Row):
    """A channel's own SKU for one of our variants, where the two differ."""

    channel: fields.ForeignKeyRelation[Channel] = fields.ForeignKeyField(
        "packhouse.Channel", related_name="listings", on_delete=fields.RESTRICT
    )
    channel_id: UUID
    channel_sku = fields.CharField(max_length=100)
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="listings", on_delete=fields.RESTRICT
    )
    variant_id: UUID

    class Meta:
        table = "listing"
        unique_together = (("channel", "channel_sku"),)
        indexes = [Index(fields=("variant_id",), name="listing_variant")]


class InboundMessage(Row):
    """A message that a channel sent, kept before it is read: done, or in quarantine with the reason."""

    channel: fields.ForeignKeyRelation[Channel] = fields.ForeignKeyField(
        "packhouse.Channel", related_name="messages", on_delete=fields.RESTRICT
    )
    channel_id: UUID
    message_id = fields.CharField(max_length=255)
    topic = fields.CharField(max_length=128)
    body = fields.BinaryField()
    status = fields.CharField(max_length=16)
    reason = fields.CharField(max_length=500, default="")
    field = fields.CharField(max_length=128, default="")
    attempts = fields.IntField(default=0)
    order_id = fields.UUIDField(null=True)
    received_at = Moment()
    due_at = Moment(null=True)
    finished_at = Moment(null=True)

    class Meta:
        table = "inbound_message"
        unique_together = (("channel", "message_id"),)
        indexes = [
            Index(fields=("due_at",), name="inbound_message_due"),
            Index(fields=("status", "received_at", "id"), name="inbound_message_status"),
            Index(fields=("order_id",), name="inbound_message_order"),
        ]
