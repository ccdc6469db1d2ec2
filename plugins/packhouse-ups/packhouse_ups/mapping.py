"""Between Packhouse's values and UPS's JSON: addresses, weights, sizes, money, references, times."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

from packhouse.sdk import Address, AnswerUnreadable, Dimensions, InvalidValue, Money, ProviderRefused
from packhouse_ups.units import COUNTRIES_WITH_STATES, IMPERIAL

Json = dict[str, Any]

_GRAMS_PER_POUND = Decimal("453.59237")
_GRAMS_PER_KILOGRAM = Decimal(1000)
_MILLIMETRES_PER_INCH = Decimal("25.4")
_MILLIMETRES_PER_CENTIMETRE = Decimal(10)
_TENTH = Decimal("0.1")
# The shorter of the limits that the Rating and Shipping descriptions give.
_WEIGHT_CHARACTERS = 5
_SIZE_CHARACTERS = 3
_LINE_CHARACTERS = 35
_LINES = 3
_NAME_CHARACTERS = 35
_CITY_CHARACTERS = 30
_POSTCODE_CHARACTERS = 9
_PHONE_CHARACTERS = 15
_STATE_CHARACTERS = 5
_REFERENCE_CHARACTERS = 35
_TIME_DIGITS = 6
_KILOGRAMS = ("KGS", "Kilograms", _GRAMS_PER_KILOGRAM)
_CENTIMETRES = ("CM", "Centimeters", _MILLIMETRES_PER_CENTIMETRE)
_OFFSET = re.compile(r"([+-])(\d{2})[:.]?(\d{2})")


# --- to UPS -----------------------------------------------------------------------------------------------------------


def address_json(address: Address) -> Json:
    """An address: up to three lines of 35 characters, without what is empty.

    Raises:
        ProviderRefused: the street does not fit; cutting it would send the parcel somewhere else.
    """
    lines = [part for line in (address.line1, address.line2) for part in _wrapped(line)]
    if len(lines) > _LINES:
        raise ProviderRefused("The street of the address does not fit UPS's three lines of 35", code="ADDRESS_TOO_LONG")
    found: Json = {"AddressLine": lines, "City": address.city[:_CITY_CHARACTERS], "CountryCode": address.country}
    postcode = address.postcode.strip()
    if len(postcode) > _POSTCODE_CHARACTERS:
        postcode = re.sub(r"[\s-]", "", postcode)
    if len(postcode) > _POSTCODE_CHARACTERS:
        raise ProviderRefused(f"UPS takes postcodes of up to {_POSTCODE_CHARACTERS}", code="POSTCODE_TOO_LONG")
    if postcode:
        found["PostalCode"] = postcode
    state = address.region.strip().removeprefix(f"{address.country}-")
    if address.country in COUNTRIES_WITH_STATES and 0 < len(state) <= _STATE_CHARACTERS:
        found["StateProvinceCode"] = state
    return found


def rate_address_json(address: Address) -> Json:
    """The address as Rating takes it: states are two characters there, and an empty city is left out."""
    found = address_json(address)
    if len(found.get("StateProvinceCode", "--")) != 2:  # noqa: PLR2004 - Rating's only length
        del found["StateProvinceCode"]
    if not found["City"]:
        del found["City"]
    return found


def party_json(address: Address) -> Json:
    """Name, attention name, phone and address of who sends or receives. Names are cut to 35 characters.

    Raises:
        ProviderRefused: there is no name, or the street does not fit.
    """
    name = (address.company or address.name).strip()
    if not name:
        raise ProviderRefused("UPS needs the name of the person or company of each address", code="NAME_MISSING")
    found: Json = {"Name": name[:_NAME_CHARACTERS], "Address": address_json(address)}
    if address.name.strip():
        found["AttentionName"] = address.name.strip()[:_NAME_CHARACTERS]
    phone = re.sub(r"\D", "", address.phone)
    if 0 < len(phone) <= _PHONE_CHARACTERS:
        found["Phone"] = {"Number": phone}
    return found


def weight_json(grams: int, country: str) -> Json:
    """A weight in pounds or kilograms as parcels of that country are weighed, rounded up to a tenth.

    Raises:
        ProviderRefused: no weight, or one that no parcel has.
    """
    code, name, unit = ("LBS", "Pounds", _GRAMS_PER_POUND) if country in IMPERIAL else _KILOGRAMS
    if grams <= 0:
        raise ProviderRefused("UPS needs the weight of each parcel", code="WEIGHT_MISSING")
    weight = _rounded_up(Decimal(grams), unit, _TENTH)
    if len(str(weight)) > _WEIGHT_CHARACTERS:
        raise ProviderRefused(f"{weight} {code} is too heavy for UPS", code="WEIGHT_TOO_HIGH")
    return {"UnitOfMeasurement": {"Code": code, "Description": name}, "Weight": str(weight)}


def dimensions_json(dimensions: Dimensions, country: str) -> Json:
    """A size in whole inches or centimetres, rounded up, the longest side first as UPS asks.

    Raises:
        ProviderRefused: a side is missing or no parcel's.
    """
    code, name, unit = ("IN", "Inches", _MILLIMETRES_PER_INCH) if country in IMPERIAL else _CENTIMETRES
    sides = sorted((dimensions.length_mm, dimensions.width_mm, dimensions.height_mm), reverse=True)
    if min(sides) <= 0:
        raise ProviderRefused("A parcel's size has a side of no length", code="SIZE_MISSING")
    length, width, height = (str(_rounded_up(Decimal(side), unit, Decimal(1))) for side in sides)
    if len(length) > _SIZE_CHARACTERS:
        raise ProviderRefused(f"{length} {code} is too long for UPS", code="SIZE_TOO_LARGE")
    measure = {"Code": code, "Description": name}
    return {"UnitOfMeasurement": measure, "Length": length, "Width": width, "Height": height}


def reference_value(reference: str) -> str:
    """A reference in the 35 characters that UPS prints and searches; a UUID (36) loses its dashes.

    Raises:
        ProviderRefused: empty or longer.
    """
    try:
        value = UUID(reference).hex
    except ValueError:
        value = reference.strip()
    if not 0 < len(value) <= _REFERENCE_CHARACTERS:
        raise ProviderRefused(
            f"UPS takes references of 1 to {_REFERENCE_CHARACTERS} characters, not {len(value)}",
            code="REFERENCE_LENGTH",
        )
    return value


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, _LINE_CHARACTERS)


def _rounded_up(value: Decimal, unit: Decimal, step: Decimal) -> Decimal:
    # Whole steps and a remainder are exact; a quotient (grams / 453.59237) would be cut before it could be rounded up.
    steps, rest = divmod(value, unit * step)
    return (steps + (1 if rest else 0)) * step


# --- from UPS ---------------------------------------------------------------------------------------------------------


def section(node: Any, *names: str) -> Json:  # noqa: ANN401 - any JSON
    """The object under nested names; empty where one of them is missing."""
    for name in names:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node if isinstance(node, dict) else {}


def several(node: Any) -> list[Json]:  # noqa: ANN401 - any JSON
    """The objects of an element that UPS writes as an array, or as one object where there is only one."""
    found = node if isinstance(node, list) else [node]
    return [item for item in found if isinstance(item, dict)]


def text(node: Mapping[str, Any], name: str) -> str:
    """The text of a field; empty where it is missing or no text."""
    value = node.get(name)
    return value.strip() if isinstance(value, str) else ""


def required(node: Mapping[str, Any], name: str) -> str:
    """The text of a field that must be there.

    Raises:
        AnswerUnreadable: it is not.
    """
    value = text(node, name)
    if not value:
        raise AnswerUnreadable(f"{name} is missing")
    return value


def first_money(amounts: Sequence[Mapping[str, Any]]) -> Money | None:
    """The first of some amounts that can be read: `{"CurrencyCode": "GBP", "MonetaryValue": "12.30"}`."""
    for amount in amounts:
        value, currency = text(amount, "MonetaryValue"), text(amount, "CurrencyCode")
        try:
            return Money.of(value, currency)
        except InvalidValue:
            continue
    return None


def charge(node: Mapping[str, Any]) -> Money | None:
    """What a shipment costs: the account's negotiated total before the published one, with taxes before without."""
    negotiated = section(node, "NegotiatedRateCharges")
    published = section(node, "ShipmentCharges") or node
    totals = [
        section(negotiated, "TotalChargesWithTaxes"),
        section(negotiated, "TotalCharge"),
        section(published, "TotalChargesWithTaxes"),
        section(published, "TotalCharges"),
    ]
    return first_money(totals)


def moment(activity: Mapping[str, Any]) -> datetime | None:
    """When an activity happened, in UTC; None where UPS gives no readable date.

    GMT date and time come first, then the local ones with their offset. Older answers hold local times without an
    offset: they are read as UTC, which is off by the place's own offset.
    """
    gmt = _clock(text(activity, "gmtDate"), text(activity, "gmtTime"))
    if gmt is not None and text(activity, "gmtTime"):
        return gmt.replace(tzinfo=UTC)
    local = _clock(text(activity, "date"), text(activity, "time"))
    if local is None:
        return None
    offset = _OFFSET.fullmatch(text(activity, "gmtOffset"))
    zone = UTC if offset is None else _zone(offset)
    return local.replace(tzinfo=zone).astimezone(UTC)


def _zone(offset: re.Match[str]) -> timezone:
    sign, hours, minutes = offset.groups()
    away = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-away if sign == "-" else away) if away < timedelta(hours=24) else UTC


def _clock(date: str, time: str) -> datetime | None:
    # UPS drops the leading zero of GMT times ("74700"), and writes some with colons.
    digits = time.replace(":", "").zfill(_TIME_DIGITS)
    try:
        return datetime.strptime(date + digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the caller knows the zone
    except ValueError:
        return None
