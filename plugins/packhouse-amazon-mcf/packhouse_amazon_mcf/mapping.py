"""Values in Amazon's form and back: addresses, amounts, moments; and reading JSON that may hold anything."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from packhouse.sdk import Address, AnswerUnreadable, InvalidValue, Money, ProviderRefused

Json = dict[str, Any]

_JAPAN = "JP"
_MOST_UNITS = 1_000_000_000
_NEEDED = (("name", "a name"), ("line1", "a street"), ("postcode", "a postcode"), ("country", "a country"))


# --- to Amazon --------------------------------------------------------------------------------------------------------


def address_json(address: Address, *, email: str = "") -> Json:
    """An address as Amazon wants it: a company stands behind the street, and a Japanese one has no city.

    Raises:
        ProviderRefused: something that Amazon requires is missing.
    """
    name = address.name.strip() or address.company.strip()
    known = {"name": name, "line1": address.line1, "postcode": address.postcode, "country": address.country}
    missing = [words for field, words in _NEEDED if not known[field].strip()]
    if address.country != _JAPAN and not address.city.strip():
        missing.append("a city")
    if missing:
        raise ProviderRefused(f"Amazon sends nothing to an address without {', '.join(missing)}", code="ADDRESS")
    company = address.company.strip() if address.name.strip() else ""
    lines = [line.strip() for line in (address.line1, address.line2, company) if line.strip()]
    shown: Json = {
        "name": name,
        **{f"addressLine{number}": line for number, line in enumerate(lines, 1)},
        "city": "" if address.country == _JAPAN else address.city.strip(),
        "stateOrRegion": address.region.strip().removeprefix(f"{address.country}-"),
        "postalCode": address.postcode.strip(),
        "countryCode": address.country,
        "phone": address.phone.strip(),
        "email": email.strip(),
    }
    return {field: value for field, value in shown.items() if value}


def money_json(money: Money) -> Json:
    """An amount: decimals are text, so that none is rounded."""
    return {"currencyCode": money.currency, "amount": str(money.amount)}


def units_json(units: int) -> Json:
    """A number of units."""
    return {"unit": "EACHES", "value": str(units)}


def moment_json(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- from Amazon ------------------------------------------------------------------------------------------------------


def section(node: Any, *names: str) -> Json:  # noqa: ANN401 - any JSON
    """The object under nested names; empty where one of them is missing."""
    for name in names:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node if isinstance(node, dict) else {}


def several(node: Any) -> Sequence[Json]:  # noqa: ANN401 - any JSON
    """The objects of an array; none where it is no array."""
    return [item for item in node if isinstance(item, dict)] if isinstance(node, list) else []


def text(node: Mapping[str, Any], name: str, most: int = 1000) -> str:
    """The text of a field, without anything that cannot be shown; empty where it is missing, no text or too long."""
    value = node.get(name)
    if not isinstance(value, str) or len(value) > most:
        return ""
    return "".join(character for character in value if character.isprintable()).strip()


def required(node: Mapping[str, Any], name: str) -> str:
    """The text of a field that must be there.

    Raises:
        AnswerUnreadable: it is not.
    """
    value = text(node, name)
    if not value:
        raise AnswerUnreadable(f"{name} is missing")
    return value


def units(node: Mapping[str, Any]) -> int:
    """Whole units of an amount such as `{"unit": "EACHES", "value": "1.0"}`.

    Raises:
        AnswerUnreadable: there is none.
    """
    try:
        value = Decimal(text(section(node, "amount"), "value"))
    except InvalidOperation:
        raise AnswerUnreadable("amount.value is no number") from None
    if not value.is_finite() or not 0 <= value <= _MOST_UNITS or value != value.to_integral_value():
        raise AnswerUnreadable("amount.value is no number of units")
    return int(value)


def count(node: Mapping[str, Any], name: str) -> int | None:
    """A number of units that is a JSON integer; None where it is missing or something else."""
    value = node.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MOST_UNITS else None


def money(node: Mapping[str, Any]) -> Money | None:
    """An amount such as `{"currencyCode": "USD", "amount": "12.5"}`, rounded to the currency; None where it cannot be read."""
    try:
        rounded = Money.rounded(Decimal(text(node, "amount")), text(node, "currencyCode"))
        return Money.of(rounded.amount, rounded.currency)
    except (InvalidValue, InvalidOperation):
        return None


def moment(node: Mapping[str, Any], name: str) -> datetime | None:
    """A moment in UTC; None where it is missing or unreadable. One without a zone is in UTC already."""
    try:
        read = datetime.fromisoformat(text(node, name))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
