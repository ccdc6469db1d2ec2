"""Settings of the plugin: table `[plugins.settings.shopify]`."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

API_VERSION = "2026-10"
# Shopify repeats a delivery 8 times over 4 hours and keeps the moment that it was first triggered at.
RETRY_WINDOW_SECONDS = 4 * 3600 + 300

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}

ChannelCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]


class Shop(BaseModel):
    """One shop. `max_age_seconds` and `max_ahead_seconds` say how far X-Shopify-Triggered-At may lie from our clock."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    domain: str = Field(description="The permanent domain: example.myshopify.com")
    access_token: SecretStr = Field(description="Admin API access token of the app")
    webhook_secrets: tuple[SecretStr, ...] = Field(
        default=(), description="Client secrets that webhooks may be signed with; several while rotating"
    )
    api_version: str = Field(default=API_VERSION, pattern=r"^\d{4}-\d{2}$", description="Version of the Admin API")
    base_url: str | None = Field(default=None, description="Where the Admin API answers instead of the domain (tests)")
    max_age_seconds: int = Field(default=RETRY_WINDOW_SECONDS, gt=0, description="Oldest webhook that is taken")
    max_ahead_seconds: int = Field(default=300, ge=0, description="How far a webhook's time may lie ahead of ours")
    notify_customer: bool = Field(default=True, description="Let Shopify mail the customer when a shipment is pushed")

    stock_location: str | None = Field(
        default=None, pattern=r"^\d+$", description="Number of the Shopify location whose available units are set"
    )

    @field_validator("domain")
    @classmethod
    def _is_permanent_domain(cls, value: str) -> str:
        domain = value.strip().lower()
        # The access token travels to this host, so a typing mistake must not send it elsewhere.
        if not _DOMAIN.fullmatch(domain):
            raise ValueError("must be the shop's permanent domain, such as example.myshopify.com")
        return domain

    @field_validator("access_token")
    @classmethod
    def _is_filled(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[\x21-\x7e]+", value.get_secret_value()):
            raise ValueError("must be a token of visible characters without spaces")
        return value

    @field_validator("webhook_secrets")
    @classmethod
    def _are_filled(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        # Anybody can sign with an empty key.
        if any(not secret.get_secret_value().strip() for secret in value):
            raise ValueError("a webhook secret must not be empty")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("must be https, or http on this machine")
        return value.rstrip("/")

    @property
    def admin_url(self) -> str:
        """The address of the Admin GraphQL API."""
        return f"{self.base_url or 'https://' + self.domain}/admin/api/{self.api_version}/graphql.json"


class Settings(BaseModel):
    """Shops by the code of their channel in Packhouse."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    shops: dict[ChannelCode, Shop] = Field(default_factory=dict, description="Shops by the code of their channel")
