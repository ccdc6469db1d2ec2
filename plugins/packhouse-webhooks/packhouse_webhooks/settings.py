"""The table `[plugins.settings.webhooks]`."""

import base64
import binascii
import re
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from packhouse.sdk import EventType
from packhouse_webhooks.guard import ForbiddenAddress, Guard

_PREFIX = "whsec_"
_SHORTEST_SECRET = 24
_LONGEST_SECRET = 64
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class EndpointSettings(BaseModel):
    """One address that gets events.

    `secrets`: newest first; each signs every message, so that a receiver can change over at its own time. `events`: names
    such as `order_placed`, none for all. `document`: a GraphQL query whose data is sent as the message's; it may declare
    `$orderId: ID!`, `$eventId: ID!` and `$eventType: String!`. Times are seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str
    secrets: list[SecretStr] = Field(min_length=1, max_length=5)
    events: frozenset[EventType] = frozenset()
    document: str = ""
    cloudevents: bool = False
    timeout: float = Field(default=20.0, gt=0, le=30)

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or parts.fragment:
            message = "url is an address such as https://shop.example.com/hooks, without user and fragment"
            raise ValueError(message)
        return value

    @field_validator("secrets")
    @classmethod
    def _long_enough(cls, value: list[SecretStr]) -> list[SecretStr]:
        for secret in value:
            if not _SHORTEST_SECRET <= _length(secret.get_secret_value()) <= _LONGEST_SECRET:
                message = f"a secret is {_PREFIX} and {_SHORTEST_SECRET} to {_LONGEST_SECRET} random bytes in base64"
                raise ValueError(message)
        return value


class WebhooksSettings(BaseModel):
    """Who gets events, by a name of small letters, digits and hyphens: it stands in deliveries as `webhooks/NAME`.

    Messages go to public addresses only, by https. `allowed_networks` names those of your own, such as `10.1.0.0/16`, that
    may be reached as well, also by http.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    endpoints: dict[str, EndpointSettings] = {}
    allowed_networks: list[IPv4Network | IPv6Network] = []
    source: str = Field(default="packhouse", min_length=1, max_length=200)

    @field_validator("endpoints")
    @classmethod
    def _named(cls, value: dict[str, EndpointSettings]) -> dict[str, EndpointSettings]:
        for name in value:
            if not _NAME.fullmatch(name):
                message = f"the name {name!r} is not small letters, digits and hyphens (at most 32)"
                raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _reachable(self) -> "WebhooksSettings":
        """An address written as such is known to be forbidden now; a name is looked at whenever it is resolved."""
        guard = Guard(self.allowed_networks)
        for name, endpoint in self.endpoints.items():
            parts = urlsplit(endpoint.url)
            try:
                guard.check_host(parts.hostname or "", encrypted=parts.scheme == "https")
            except ForbiddenAddress as error:
                message = f"the url of endpoint {name}: {error}"
                raise ValueError(message) from None
        return self


def _length(secret: str) -> int:
    if not secret.startswith(_PREFIX):
        return 0
    try:
        return len(base64.b64decode(secret.removeprefix(_PREFIX), validate=True))
    except binascii.Error:
        return 0
