"""The table `[plugins.settings.amazon-mcf]`."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_NEEDED = ("client_id", "client_secret", "refresh_token")
_SANDBOX = "sandbox."


def _checked_url(value: str) -> str:
    if not value:
        return value
    parts = urlsplit(value)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("expected a scheme and a host, such as https://sellingpartnerapi-eu.amazon.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("expected https (http is for loopback only): it carries credentials")
    return value.rstrip("/")


Url = Annotated[str, AfterValidator(_checked_url)]


class LocationSettings(BaseModel):
    """What a location of Packhouse is at Amazon.

    `marketplace_id`: whose stock it has (A1F83G8C2ARO7P is amazon.co.uk), needed for counting it; `country`: where its goods
    ship from, ISO 3166-1 alpha-2.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    marketplace_id: str = Field(default="", pattern=r"^[A-Z0-9]{0,20}$")
    country: str = Field(default="", pattern=r"^([A-Z]{2})?$")


class AmazonMcfSettings(BaseModel):
    """How to reach the Selling Partner API, and how orders are sent. Either all three credentials, or none of them.

    `locations` by their codes; `skus` maps our SKUs to Amazon's where they differ. Times are seconds, `stock_lag` too: how
    long Amazon may take to show in its stock what it keeps for an order. `rate_factor`: how many times the usual plan Amazon
    lets this seller call.
    """

    # Digits can come as a number from the environment.
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    region: Literal["na", "eu", "fe"] = "na"
    sandbox: bool = False
    base_url: Url = ""
    token_url: Url = "https://api.amazon.com"  # noqa: S105  (where a token is got, not a token)
    locations: dict[str, LocationSettings] = {}
    skus: dict[str, str] = {}
    policy: Literal["FILL_OR_KILL", "FILL_ALL", "FILL_ALL_AVAILABLE"] = "FILL_OR_KILL"
    packaging: Literal["", "UNBRANDED", "ANY"] = ""
    packing_slip_text: str = Field(default="", max_length=500)
    packing_slip_template: str = Field(default="", max_length=100)
    declare_values: bool = True
    share_email: bool = False
    rate_factor: float = Field(default=1.0, gt=0, le=1000)
    stock_lag: float = Field(default=900.0, ge=0, le=86_400)
    connect_timeout: float = Field(default=5.0, gt=0, le=60)
    timeout: float = Field(default=20.0, gt=0, le=120)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        missing = [name for name in _NEEDED if not _shown(getattr(self, name))]
        if 0 < len(missing) < len(_NEEDED):
            raise ValueError(f"Amazon also needs: {', '.join(missing)}")
        if bool(self.packing_slip_text) != bool(self.packing_slip_template):
            raise ValueError("packing_slip_text and packing_slip_template belong together")
        if len(set(self.skus.values())) < len(self.skus):
            raise ValueError("skus: two of ours have the same SKU at Amazon")
        return self

    @property
    def is_configured(self) -> bool:
        """Whether there is a seller to work for."""
        return bool(self.client_id)

    @property
    def api_url(self) -> str:
        """Where the Selling Partner API of the region is, or its sandbox."""
        return self.base_url or f"https://{_SANDBOX if self.sandbox else ''}sellingpartnerapi-{self.region}.amazon.com"

    def location(self, code: str) -> LocationSettings:
        """What is known of a location; an empty one where nothing is."""
        return self.locations.get(code, LocationSettings())

    def amazon_sku(self, sku: str) -> str:
        """Amazon's SKU of one of ours."""
        return self.skus.get(sku, sku)

    def own_skus(self) -> dict[str, str]:
        """Our SKUs by Amazon's, where they differ."""
        return {theirs: ours for ours, theirs in self.skus.items()}


def _shown(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
