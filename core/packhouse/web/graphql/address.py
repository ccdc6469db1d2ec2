"""Postal addresses in GraphQL."""

from collections.abc import Mapping
from dataclasses import fields

import strawberry

from packhouse.sdk import Address as AddressValue
from packhouse.sdk import InvalidValue


@strawberry.type(description="A postal address as it was when it was used: a copy, never changed afterwards.")
class Address:
    name: str = strawberry.field(description="Who lives or works there.")
    company: str = strawberry.field(description="The company, where it is one.")
    line1: str = strawberry.field(description="Street and number.")
    line2: str = strawberry.field(description="Flat, floor, department.")
    city: str = strawberry.field(description="City or town.")
    region: str = strawberry.field(description="State, province or county, as the country writes it.")
    postcode: str = strawberry.field(description="Postcode or ZIP code.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2 code.")
    phone: str = strawberry.field(description="Telephone number for the carrier.")
    email: str = strawberry.field(description="E-mail address for the carrier.")

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> "Address":
        """The address of a JSON column; parts that were not stored are empty."""
        return cls(**{name: stored.get(name) or "" for name in _PARTS})

    @classmethod
    def of_optional(cls, stored: Mapping[str, str] | None) -> "Address | None":
        """The address of a JSON column that may be null or empty."""
        return cls.of(stored) if stored else None


@strawberry.input(description="A postal address.")
class AddressInput:
    name: str = strawberry.field(default="", description="Who lives or works there.")
    company: str = strawberry.field(default="", description="The company, where it is one.")
    line1: str = strawberry.field(default="", description="Street and number.")
    line2: str = strawberry.field(default="", description="Flat, floor, department.")
    city: str = strawberry.field(default="", description="City or town.")
    region: str = strawberry.field(default="", description="State, province or county, as the country writes it.")
    postcode: str = strawberry.field(default="", description="Postcode or ZIP code.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2 code.")
    phone: str = strawberry.field(default="", description="Telephone number for the carrier.")
    email: str = strawberry.field(default="", description="E-mail address for the carrier.")

    def value(self, field: str) -> AddressValue:
        """The checked value; `field` is the path of this input.

        Raises:
            InvalidValue: the country is not a code.
        """
        try:
            return AddressValue(**{name: getattr(self, name) for name in _PARTS})
        except InvalidValue as invalid:
            raise InvalidValue(f"{field}.{invalid.field}", invalid.message) from None


_PARTS = tuple(part.name for part in fields(AddressValue))
