"""The table `[plugins.settings.ups]`."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from packhouse.sdk import Address

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_NEEDED = ("client_id", "client_secret", "account_number", "shipper")


class ShipperSettings(BaseModel):
    """The address that the UPS account belongs to: the fields of the SDK's Address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    company: str = ""
    line1: str = Field(min_length=1)
    line2: str = ""
    city: str = Field(min_length=1)
    region: str = ""
    postcode: str = ""
    country: str = Field(pattern=r"^[A-Z]{2}$")
    phone: str = ""
    email: str = ""

    def address(self) -> Address:
        """The same as the SDK's value."""
        return Address(**self.model_dump())


class UpsSettings(BaseModel):
    """How to reach UPS and who ships. Either all of client_id, client_secret, account_number and shipper, or none of them.

    `label_format`: what the Shipping API makes for a forward shipment (it makes no PDF). Times are seconds.
    """

    # An account number of digits, or a secret of digits, can come as a number from the environment.
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    # HTTP Basic separates id and secret by a colon.
    client_id: str = Field(default="", pattern=r"^[^:]*$")
    client_secret: SecretStr = SecretStr("")
    account_number: str = Field(default="", pattern=r"^([A-Za-z0-9]{6})?$")
    shipper: ShipperSettings | None = None
    base_url: str = "https://onlinetools.ups.com"
    label_format: Literal["GIF", "ZPL", "EPL", "SPL"] = "GIF"
    negotiated_rates: bool = True
    connect_timeout: float = Field(default=5.0, gt=0, le=60)
    timeout: float = Field(default=30.0, gt=0, le=300)

    @field_validator("base_url")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        parts = urlsplit(value)
        if not parts.hostname or parts.query or parts.fragment or parts.username:
            message = "base_url is a scheme and a host, such as https://onlinetools.ups.com"
            raise ValueError(message)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            message = "base_url must be https (http is for loopback only): it carries credentials"
            raise ValueError(message)
        return value.rstrip("/")

    @model_validator(mode="after")
    def _all_or_nothing(self) -> Self:
        missing = [name for name in _NEEDED if not getattr(self, name)]
        if 0 < len(missing) < len(_NEEDED):
            message = f"UPS also needs: {', '.join(missing)}"
            raise ValueError(message)
        return self

    @property
    def is_configured(self) -> bool:
        """Whether there is an account to ship with."""
        return bool(self.client_id)

    @property
    def shipper_address(self) -> Address:
        """The account's address.

        Raises:
            ValueError: the plugin has no settings.
        """
        if self.shipper is None:
            message = "UPS has no shipper address: set [plugins.settings.ups.shipper]"
            raise ValueError(message)
        return self.shipper.address()
