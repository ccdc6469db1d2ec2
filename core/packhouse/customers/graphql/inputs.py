"""What may be asked of buyers."""

from typing import Any

import strawberry

from packhouse.web.graphql.filters import given


@strawberry.input(description="Which customers to list; what is left out does not narrow.")
class CustomerFilter:
    email: str | None = strawberry.field(default=None, description="Exactly this e-mail address, in any case.")
    channel: str | None = strawberry.field(default=None, description="Code of the channel that knows the buyer.")
    external_id: str | None = strawberry.field(default=None, description="The channel's own id; give `channel` too.")

    def conditions(self) -> dict[str, Any]:
        """As conditions of the model."""
        email = None if self.email is None else self.email.strip().lower()
        return given(email=email, channel=self.channel, external_id=self.external_id)
