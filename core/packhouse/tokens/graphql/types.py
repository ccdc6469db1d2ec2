"""Access tokens as people see them: everything but the token itself."""

from datetime import datetime

import strawberry

from packhouse.web import models
from packhouse.web.permissions import Grant


@strawberry.type(description="Whoever asks, and what they may do.")
class Viewer:
    name: str = strawberry.field(description="The name of the access token.")
    permissions: list[str] = strawberry.field(
        description="What it allows: `orders.read`, `fulfillment.write` (which includes reading), `*` for all of it."
    )
    expires_at: datetime | None = strawberry.field(description="Until when it is valid; null: until it is revoked.")

    @classmethod
    def of(cls, grant: Grant) -> "Viewer":
        """Whoever something was granted to."""
        return cls(name=grant.name, permissions=grant.permissions.words, expires_at=grant.expires_at)


@strawberry.type(description="An access token that was made. It itself was shown once, and is kept nowhere.")
class AccessToken:
    name: str = strawberry.field(description="What it is for; events tell of `token:` and this name.")
    permissions: list[str] = strawberry.field(
        description="What it allows: `orders.read`, `fulfillment.write` (which includes reading), `*` for all of it."
    )
    created_by: str = strawberry.field(description="Who made it.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="Until when it is valid; null: until it is revoked.")
    revoked_by: str | None = strawberry.field(description="Who revoked it; null where nobody has.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked; null where it was not.")

    @classmethod
    def of(cls, row: models.AccessToken) -> "AccessToken":
        """The token of a row."""
        return cls(
            name=row.name,
            permissions=row.permissions,
            created_by=row.created_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_by=row.revoked_by or None,
            revoked_at=row.revoked_at,
        )
