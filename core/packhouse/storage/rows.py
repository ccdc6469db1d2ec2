"""What every table has in common."""

from tortoise import fields
from tortoise.models import Model

from packhouse.sdk.values import new_id


class Row(Model):
    """A row with an id that the client gives (UUID version 7), so that rows can refer to each other before they are written."""

    id = fields.UUIDField(primary_key=True, default=new_id)

    class Meta:
        abstract = True
