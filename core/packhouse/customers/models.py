"""The people and companies who buy."""

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
