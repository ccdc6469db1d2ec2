"""Values that cross the border between Packhouse and its plugins: money, addresses, speeds, parcels, identifiers.

Shapes: money is a `Decimal` with an ISO 4217 code (integers of the minor unit in storage); weights are grams, lengths
millimetres, times timezone-aware UTC.
"""

import base64
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import Self

from uuid_utils import compat

from packhouse.sdk.errors import InvalidValue

# ISO 4217: currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_LONGEST_LOCALE = 35
_MAX_MINOR = 2**53 - 1


def new_id() -> uuid.UUID:
    """A UUID version 7: unique, and roughly ordered by the time it was made."""
    return compat.uuid7()


def fact_id(*parts: object) -> uuid.UUID:
    """The UUID version 5 of a business fact: the same parts give the same id, so a repeat is recognised."""
    return compat.uuid5(uuid.NAMESPACE_URL, "packhouse:" + "/".join(str(part) for part in parts))


def global_id(kind: str, id_: uuid.UUID) -> str:
    """The id by which GraphQL knows an object, such as an "Order"."""
    return base64.b64encode(f"{kind}:{id_}".encode()).decode()


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def currency_exponent(currency: str) -> int:
    """Digits behind the point of a currency's amounts (ISO 4217): 2 for GBP, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def check_currency(currency: str, field_name: str = "currency") -> str:
    """The code itself if it has the form of an ISO 4217 code.

    Raises:
        InvalidValue: it has another form.
    """
    if not _CURRENCY.fullmatch(currency):
        raise InvalidValue(field_name, f"{currency!r} is not an ISO 4217 currency code such as GBP")
    return currency


def check_length(text: str, most: int, field_name: str) -> str:
    """The text itself if it is short enough to be kept.

    Raises:
        InvalidValue: it has more than `most` characters.
    """
    if len(text) > most:
        raise InvalidValue(field_name, f"{len(text)} characters are too many: at most {most} are kept")
    return text


def check_locale(locale: str, field_name: str = "locale") -> str:
    """The language tag itself, such as en-GB, or an empty text: nobody knows it.

    Raises:
        InvalidValue: it has another form than a language tag (BCP 47).
    """
    if locale and not (_LOCALE.fullmatch(locale) and len(locale) <= _LONGEST_LOCALE):
        raise InvalidValue(field_name, f"{locale!r} is not a language tag such as en-GB")
    return locale


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency. Arithmetic between two currencies is refused."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str, field_name: str = "amount") -> Self:
        """Money of a decimal text or number; never of a float.

        Raises:
            InvalidValue: not a finite number, more digits than the currency has, or not a currency.
        """
        check_currency(currency, "currency")
        try:
            value = Decimal(amount)
        except (InvalidOperation, ValueError, TypeError) as error:
            raise InvalidValue(field_name, f"{amount!r} is not an amount of money") from error
        if not value.is_finite():
            raise InvalidValue(field_name, f"{amount!r} is not an amount of money")
        scale = Decimal(1).scaleb(-currency_exponent(currency))
        try:
            rounded = value.quantize(scale)
        except InvalidOperation as error:
            raise InvalidValue(field_name, f"{amount!r} is too large an amount") from error
        if rounded != value:
            raise InvalidValue(
                field_name, f"{amount} has more digits than {currency} allows ({currency_exponent(currency)})"
            )
        money = cls(rounded, currency)
        if abs(money.minor) > _MAX_MINOR:
            raise InvalidValue(field_name, f"{amount} is too large an amount")
        return money

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Self:
        """Money of an integer number of minor units (pence, cents)."""
        exponent = currency_exponent(currency)
        return cls(Decimal(minor).scaleb(-exponent), currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """Money of a computed amount, rounded half up to the currency's minor unit."""
        scale = Decimal(1).scaleb(-currency_exponent(currency))
        return cls(amount.quantize(scale, rounding=ROUND_HALF_UP), currency)

    @property
    def minor(self) -> int:
        """The amount as an integer number of minor units."""
        return int(self.amount.scaleb(currency_exponent(self.currency)))

    def __add__(self, other: Self) -> Self:
        self._same_currency(other)
        return type(self)(self.amount + other.amount, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._same_currency(other)
        return type(self)(self.amount - other.amount, self.currency)

    def __mul__(self, count: int) -> Self:
        return type(self)(self.amount * count, self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _same_currency(self, other: Self) -> None:
        if self.currency != other.currency:
            raise InvalidValue("currency", f"{self.currency} and {other.currency} cannot be added")


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address. `country` is ISO 3166-1 alpha-2; `region` is the state, province or county as the country writes it."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""

    def __post_init__(self) -> None:
        if self.country and not _COUNTRY.fullmatch(self.country):
            raise InvalidValue("country", f"{self.country!r} is not an ISO 3166 country code such as GB")


class ShippingSpeed(StrEnum):
    """How fast an order shall travel, where whoever sends it offers a choice."""

    STANDARD = "standard"
    EXPEDITED = "expedited"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Outer size of a parcel or a variant in millimetres."""

    length_mm: int
    width_mm: int
    height_mm: int


@dataclass(frozen=True, slots=True)
class ParcelItem:
    """Units of one SKU inside a parcel."""

    sku: str
    title: str
    quantity: int
    unit_value: Money | None = None
    hs_code: str = ""
    country_of_origin: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A packed box: weight in grams with its contents."""

    weight_grams: int
    dimensions: Dimensions | None = None
    items: tuple[ParcelItem, ...] = field(default=())
