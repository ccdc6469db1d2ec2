"""Channels, what they call our variants, and every message they sent."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from packhouse.catalog.models import Variant
from packhouse.inventory.models import Location
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class Channel(Row):
    """A place where orders are placed. `provider` is the plugin's code behind it, empty for the API's own channels.

    `buffer` units of each variant are never sold there. While `recount_from` is set, what it may sell is being counted again, from
    that variant on. `push_owner` is who tells it its stock at this moment, until `push_until`; after a failure it is told no sooner
    than `push_after`.
    """

    code = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=255)
    provider = fields.CharField(max_length=64, default="")
    is_active = fields.BooleanField(default=True)
    is_demo = fields.BooleanField(default=False)
    pulled_until = Moment(null=True)
    pull_cursor = fields.TextField(default="")
    next_pull_at = Moment(null=True)
    last_error = fields.CharField(max_length=500, default="")
    buffer = fields.IntField(default=0, db_default=0)
    counts_networks = fields.BooleanField(default=True, db_default=True)
    recount_from = fields.UUIDField(null=True)
    push_owner = fields.UUIDField(null=True)
    push_until = Moment(null=True)
    push_after = Moment(null=True)
    push_attempts = fields.IntField(default=0, db_default=0)
    push_error = fields.CharField(max_length=500, default="", db_default="")
    created_at = Moment()

    class Meta:
        table = "channel"
        indexes = [Index(fields=("next_pull_at",), name="channel_pull")]
        constraints = (CheckConstraint(check="buffer >= 0", name="channel_buffer"),)


class ChannelLocation(Row):
    """A location whose stock a channel sells; a channel without any sells that of all locations."""

    channel: fields.ForeignKeyRelation[Channel] = fields.ForeignKeyField(
        "packhouse.Channel", related_name="locations", on_delete=fields.RESTRICT
    )
    channel_id: UUID
    location: fields.ForeignKeyRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="channels", on_delete=fields.RESTRICT
    )
    location_id: UUID

    class Meta:
        table = "channel_location"
        unique_together = (("channel", "location"),)
        indexes = [Index(fields=("location_id",), name="channel_location_location")]


class Listing(Row):
    """A variant that a channel sells, by the channel's own SKU, which may be ours.

    `buffer` units are kept back from it, whatever its channel keeps back; null: what its channel does. `external_id` is what the
    channel's plugin knows it by.
    """

    channel: fields.ForeignKeyRelation[Channel] = fields.ForeignKeyField(
        "packhouse.Channel", related_name="listings", on_delete=fields.RESTRICT
    )
    channel_id: UUID
    channel_sku = fields.CharField(max_length=100)
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="listings", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    buffer = fields.IntField(null=True)
    external_id = fields.CharField(max_length=128, default="", db_default="")

    class Meta:
        table = "listing"
        unique_together = (("channel", "channel_sku"),)
        indexes = [
            Index(fields=("variant_id",), name="listing_variant"),
            Index(fields=("channel_id", "variant_id"), name="listing_channel"),
        ]
        constraints = (CheckConstraint(check="buffer >= 0", name="listing_buffer"),)


class ChannelStock(Row):
    """What a channel may sell of a variant that it lists, as it was counted last; `version` counts the changes."""

    channel: fields.ForeignKeyRelation[Channel] = fields.ForeignKeyField(
        "packhouse.Channel", related_name="stock", on_delete=fields.RESTRICT
    )
    channel_id: UUID
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "packhouse.Variant", related_name="channel_stock", on_delete=fields.RESTRICT
    )
    variant_id: UUID
    available = fields.IntField()
    version = fields.IntField()
    changed_at = Moment()

    class Meta:
        table = "channel_stock"
        unique_together = (("channel", "variant"),)
        indexes = [
            Index(fields=("variant_id",), name="channel_stock_variant"),
            Index(fields=("channel_id", "id"), name="channel_stock_channel"),
        ]
        constraints = (CheckConstraint(check="available >= 0", name="channel_stock_available"),)


class ListingStock(Row):
    """What a listing may show, and what its channel was told last. It is told what is due, when it is due."""

    listing: fields.ForeignKeyRelation[Listing] = fields.ForeignKeyField(
        "packhouse.Listing", related_name="stock", on_delete=fields.RESTRICT
    )
    listing_id: UUID
    channel_id = fields.UUIDField()
    quantity = fields.IntField()
    version = fields.IntField()
    due_at = Moment(null=True)
    attempts = fields.IntField(default=0, db_default=0)
    error = fields.CharField(max_length=500, default="", db_default="")
    told_version = fields.IntField(null=True)
    told_quantity = fields.IntField(null=True)
    told_at = Moment(null=True)
    compared_at = Moment(null=True)

    class Meta:
        table = "listing_stock"
        unique_together = (("listing",),)
        indexes = [Index(fields=("channel_id", "due_at"), name="listing_stock_due")]
        constraints = (CheckConstraint(check="quantity >= 0", name="listing_stock_quantity"),)


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
