"""Who may call the API."""

from tortoise import fields

from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class AccessToken(Row):
    """A bearer token: only its SHA-256 digest is kept, so a stolen database opens no door."""

    name = fields.CharField(max_length=100)
    digest = fields.CharField(max_length=64, unique=True)
    created_at = Moment()
    revoked_at = Moment(null=True)

    class Meta:
        table = "access_token"
