"""The table `[plugins.settings.trustpilot]`."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_NEEDED = ("api_key", "api_secret", "business_unit_id", "sender_name", "sender_email")


def _encrypted(value: str) -> str:
    parts = urlsplit(value)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        message = "it is a scheme and a host, such as https://api.trustpilot.com"
        raise ValueError(message)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        message = "it must be https (http is for loopback only): it carries credentials"
        raise ValueError(message)
    return value.rstrip("/")


def _pattern(value: str) -> str:
    if value and ("{sku}" not in value or not value.startswith(("https://", "http://"))):
        message = "it is an address with {sku} in it, such as https://shop.example/products/{sku}"
        raise ValueError(message)
    return value


Host = Annotated[str, AfterValidator(_encrypted)]
PagePattern = Annotated[str, AfterValidator(_pattern)]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}-[A-Z]{2}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Email = Annotated[str, StringConstraints(pattern=r"^([^@\s]+@[^@\s]+)?$")]


class TrustpilotSettings(BaseModel):
    """How to reach Trustpilot and in whose name. Either all of api_key, api_secret, business_unit_id, sender_name and
    sender_email, or none of them. With `username` and `password` tokens are asked for by the password grant, else by client
    credentials. Times are seconds where nothing else is said.
    """

    # A key or a secret of digits can come as a number from the environment.
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    api_key: SecretStr = SecretStr("")
    api_secret: SecretStr = SecretStr("")
    username: str = ""
    password: SecretStr = SecretStr("")
    business_unit_id: str = Field(default="", pattern=r"^[A-Za-z0-9]*$")
    business_user_id: str = Field(default="", pattern=r"^[A-Za-z0-9]*$")

    sender_name: str = ""
    sender_email: Email = ""
    reply_to: Email = ""
    nameless: str = Field(default="Customer", min_length=1)
    locale: Locale = "en-GB"
    locales: dict[Country, Locale] = {}
    reference: Literal["order_number", "invitation"] = "order_number"
    service_reviews: bool = True
    product_reviews: bool = True
    service_template_id: str = ""
    product_template_id: str = ""
    product_delay_days: int = Field(default=0, ge=0, le=365)
    product_url: PagePattern = ""
    product_image_url: PagePattern = ""
    redirect_uri: str = ""
    location_id: str = ""
    tags: list[str] = []

    history_days: int = Field(default=30, ge=1, le=3650)
    overlap_hours: int = Field(default=48, ge=1, le=24 * 31)
    calls_per_five_minutes: int = Field(default=800, ge=1, le=833)
    base_url: Host = "https://api.trustpilot.com"
    invitations_url: Host = "https://invitations-api.trustpilot.com"
    connect_timeout: float = Field(default=5.0, gt=0, le=60)
    timeout: float = Field(default=30.0, gt=0, le=300)

    @field_validator("api_key")
    @classmethod
    def _without_colon(cls, value: SecretStr) -> SecretStr:
        if ":" in value.get_secret_value():
            message = "it has no colon: HTTP Basic separates key and secret by one"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _all_or_nothing(self) -> Self:
        missing = [name for name in _NEEDED if not getattr(self, name)]
        if 0 < len(missing) < len(_NEEDED):
            message = f"Trustpilot also needs: {', '.join(missing)}"
            raise ValueError(message)
        if bool(self.username) != bool(self.password):
            message = "the password grant needs both username and password"
            raise ValueError(message)
        if not (self.service_reviews or self.product_reviews):
            message = "ask for service reviews, for product reviews, or for both"
            raise ValueError(message)
        return self

    @property
    def is_configured(self) -> bool:
        """Whether there is an account to work with."""
        return bool(self.api_key)
