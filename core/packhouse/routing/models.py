"""By which rules orders are routed, and the receipt of each decision."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from packhouse.inventory.models import Location
from packhouse.orders.models import Order
from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class RoutingRules(Row):
    """A version of the rules of a channel (empty: of all channels without rules of their own). Never changed, only followed.

    `rules` is a list of {kind, options}, with code and if_fails for those of plugins; `split_bound` is {minor, currency} or {percent}, empty
    where none is set; `is_active` is true for the newest version of each channel.
    """

    channel = fields.CharField(max_length=64, default="")
    number = fields.IntField()
    rules: list[dict[str, Any]] = fields.JSONField()
    split = fields.CharField(max_length=16)
    most_parcels = fields.IntField()
    split_bound: dict[str, Any] = fields.JSONField(default=dict)
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


class ShippingRate(Row):
    """What a parcel of at most so many grams costs, in minor units: from a location, from a country, or (both empty) from anywhere, to
    a country and the postcodes that begin so.

    `source` is `imported`, or `quoted` by a carrier; `valid_until` is far away for what was imported.
    """

    lane = fields.CharField(max_length=255, unique=True)
    location: fields.ForeignKeyNullableRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="shipping_rates", on_delete=fields.CASCADE, null=True
    )
    location_id: UUID | None
    origin_country = fields.CharField(max_length=2, default="")
    country = fields.CharField(max_length=2)
    postcode_prefix = fields.CharField(max_length=10, default="")
    up_to_grams = fields.IntField()
    price = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    service = fields.CharField(max_length=64, default="")
    source = fields.CharField(max_length=16)
    valid_until = Moment()

    class Meta:
        table = "shipping_rate"
        indexes = [
            Index(fields=("country", "postcode_prefix"), name="shipping_rate_lane"),
            Index(fields=("location_id",), name="shipping_rate_location"),
        ]


class CountryCalendar(Row):
    """On which days carriers deliver in a country, and the time zone of its days; `days` as `days_as_json` writes them."""

    country = fields.CharField(max_length=2, unique=True)
    time_zone = fields.CharField(max_length=64)
    days: dict[str, Any] = fields.JSONField()
    actor = fields.CharField(max_length=64)
    updated_at = Moment()

    class Meta:
        table = "country_calendar"


class TransitTime(Row):
    """Working days from a location, or from any in a country, to the postcodes of a country that begin with a prefix.

    `time_zone` is the zone there, where it is not that of the whole country.
    """

    location: fields.ForeignKeyNullableRelation[Location] = fields.ForeignKeyField(
        "packhouse.Location", related_name="transit_times", on_delete=fields.CASCADE, null=True
    )
    location_id: UUID | None
    origin_country = fields.CharField(max_length=2, default="")
    country = fields.CharField(max_length=2)
    postcode_prefix = fields.CharField(max_length=20, default="")
    speed = fields.CharField(max_length=16)
    min_days = fields.IntField()
    max_days = fields.IntField()
    time_zone = fields.CharField(max_length=64, default="")

    class Meta:
        table = "transit_time"
        indexes = [
            Index(fields=("country", "postcode_prefix", "speed"), name="transit_time_way"),
            Index(fields=("location_id",), name="transit_time_location"),
            Index(fields=("origin_country", "id"), name="transit_time_origin"),
        ]
        constraints = [
            CheckConstraint(check="0 <= min_days AND min_days <= max_days", name="transit_time_days"),
            CheckConstraint(check="(location_id IS NULL) = (origin_country <> '')", name="transit_time_one_origin"),
            UniqueConstraint(
                fields=("location_id", "country", "postcode_prefix", "speed"),
                name="transit_time_of_location",
                condition="location_id IS NOT NULL",
            ),
            UniqueConstraint(
                fields=("origin_country", "country", "postcode_prefix", "speed"),
                name="transit_time_of_country",
                condition="location_id IS NULL",
            ),
        ]
