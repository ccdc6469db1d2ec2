"""Who may call the API, and which of their requests must not be done twice."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint

from packhouse.storage.fields import Moment
from packhouse.storage.rows import Row


class AccessToken(Row):
    """A bearer token: only its SHA-256 digest is kept, so a stolen database opens no door.

    `permissions` are words, see `Permissions`. Its name is taken until it is revoked, also when it has expired.
    """

    name = fields.CharField(max_length=58)
    digest = fields.CharField(max_length=64, unique=True)
    permissions: list[str] = fields.JSONField()
    created_by = fields.CharField(max_length=64)
    created_at = Moment()
    expires_at = Moment(null=True)
    revoked_by = fields.CharField(max_length=64, default="")
    revoked_at = Moment(null=True)

    class Meta:
        table = "access_token"
        constraints = (UniqueConstraint(fields=("name",), name="access_token_name", condition="revoked_at IS NULL"),)


class KeptRequest(Row):
    """A request with an idempotency key of its sender's, and its answer once there is one.

    `digest` is the SHA-256 of what was asked; `attempts` counts the processes that took it up, and is the fence against one
    that comes back late; until `claimed_until` the last of them is at work. It is forgotten after `expires_at`.
    """

    actor = fields.CharField(max_length=64)
    key = fields.CharField(max_length=255)
    digest = fields.CharField(max_length=64)
    attempts = fields.IntField(default=1)
    claimed_until = Moment(null=True)
    answer = fields.TextField(null=True)
    expires_at = Moment()

    class Meta:
        table = "kept_request"
        unique_together = (("actor", "key"),)
        indexes = [Index(fields=("expires_at",), name="kept_request_expiry")]


class RequestStep(Row):
    """A change that a kept request made, with what it brought: written in the change's own transaction."""

    request_id = fields.UUIDField()
    step = fields.IntField()
    result: dict[str, Any] = fields.JSONField()

    class Meta:
        table = "request_step"
        unique_together = (("request_id", "step"),)
