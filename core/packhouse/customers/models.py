"""The people and companies who buy, and what they said about being written to."""

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint

from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class Customer(Row):
    """A buyer. Recognised by the channel's own id where it gives one, else by the e-mail address (lower case)."""

    email = fields.CharField(max_length=254, default="")
    name = fields.CharField(max_length=255, default="")
    phone = fields.CharField(max_length=64, default="")
    channel = fields.CharField(max_length=64, default="")
    external_id = fields.CharField(max_length=128, default="")
    is_demo = fields.BooleanField(default=False)
    created_at = Moment()

    class Meta:
        table = "customer"
        indexes = [Index(fields=("email",), name="customer_email")]
        constraints = (
            UniqueConstraint(
                fields=("channel", "external_id"), name="customer_external", condition="external_id <> ''"
            ),
        )


class Consent(Row):
    """What a customer said about one purpose, kept for good; `is_current` marks the word in force, the one given last.

    `given_at` is when the customer said it, `recorded_at` when we heard of it.
    """

    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "packhouse.Customer", related_name="consents", on_delete=fields.RESTRICT
    )
    customer_id: UUID
    purpose = fields.CharField(max_length=32)
    state = fields.CharField(max_length=16)
    contact = fields.CharField(max_length=254, default="")
    source = fields.CharField(max_length=128)
    evidence = fields.CharField(max_length=500, default="")
    is_current = fields.BooleanField()
    given_at = Moment()
    recorded_at = Moment()

    class Meta:
        table = "consent"
        indexes = [Index(fields=("customer_id", "given_at"), name="consent_customer")]
        constraints = (
            UniqueConstraint(fields=("customer_id", "purpose"), name="consent_current", condition="is_current"),
        )
