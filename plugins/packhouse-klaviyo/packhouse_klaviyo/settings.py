"""The table `[plugins.settings.klaviyo]`."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_KEY = re.compile(r"[\x21-\x7e]{8,}")

AccountName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class AccountSettings(BaseModel):
    """One Klaviyo account. Times are seconds.

    `channels`: codes of the channels whose orders and consents go there, none for all. `without_consent`: what is sent of a
    customer who did not grant marketing: nothing, or what orders need (`transactional`). `list_id`: the list that new subscribers
    are added to. `skip_tags`: orders with one of these tags send nothing. What happened more than `backfill_after_days` ago is
    recorded without starting flows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_key: SecretStr
    channels: frozenset[str] = frozenset()
    without_consent: Literal["nothing", "transactional"] = "nothing"
    list_id: str = Field(default="", pattern=r"^[A-Za-z0-9]{0,32}$")
    skip_tags: frozenset[str] = frozenset({"test-order"})
    backfill_after_days: float = Field(default=3.0, ge=0, le=3650)
    base_url: str = "https://a.klaviyo.com"
    connect_timeout: float = Field(default=5.0, gt=0, le=30)
    timeout: float = Field(default=10.0, gt=0, le=30)

    @field_validator("api_key")
    @classmethod
    def _a_key(cls, value: SecretStr) -> SecretStr:
        if not _KEY.fullmatch(value.get_secret_value()):
            message = "api_key is a private API key of at least eight visible characters, without spaces"
            raise ValueError(message)
        return value

    @field_validator("base_url")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        parts = urlsplit(value)
        if not parts.hostname or parts.query or parts.fragment or parts.username:
            message = "base_url is a scheme and a host, such as https://a.klaviyo.com"
            raise ValueError(message)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            message = "base_url must be https (http is for loopback only): it carries the key"
            raise ValueError(message)
        return value.rstrip("/")

    def serves(self, channel: str) -> bool:
        """Whether what happens on a channel goes to this account."""
        return not self.channels or channel in self.channels


class KlaviyoSettings(BaseModel):
    """Accounts by a name of small letters, digits and hyphens: it stands in deliveries as `klaviyo/NAME`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    accounts: dict[AccountName, AccountSettings] = {}
