"""Which products a location may not send, and where to; pure.

A restriction is {skus, hsCodes, countries, locations}: products of these SKUs, or whose HS code begins so, are not sent to these
countries (without: to none) from these locations (without: from none).
"""

from collections.abc import Mapping
from typing import Any

from packhouse.routing.questions import Item

Restriction = Mapping[str, Any]

_OPTIONS = frozenset(("skus", "hsCodes", "countries", "locations"))
_PRODUCTS = ("skus", "hsCodes")


def forbids(restriction: Restriction, item: Item, country: str, location: str) -> bool:
    """Whether a restriction keeps a location from sending an item to a country."""
    return (
        _covers(restriction, item)
        and country in restriction.get("countries", [country])
        and location in restriction.get("locations", [location])
    )


def a_list_of_restrictions(value: object) -> str | None:
    """What is wrong with restrictions as they were given; None: nothing."""
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        return "a list of {skus, hsCodes, countries, locations} that is not empty"
    return next(filter(None, map(_wrong, value)), None)


def _covers(restriction: Restriction, item: Item) -> bool:
    digits = _digits(item.hs_code)
    return item.sku in restriction.get("skus", ()) or any(
        digits.startswith(_digits(code)) for code in restriction.get("hsCodes", ())
    )


def _digits(code: str) -> str:
    return "".join(character for character in code if character.isdigit())


def _wrong(restriction: dict[str, object]) -> str | None:
    if unknown := set(restriction) - _OPTIONS:
        return f"without {', '.join(sorted(unknown))} (a restriction has {', '.join(sorted(_OPTIONS))})"
    if not any(name in restriction for name in _PRODUCTS):
        return "restrictions that each name skus or hsCodes"
    for name, values in restriction.items():
        if not isinstance(values, list) or not values or not all(isinstance(each, str) and each for each in values):
            return f"restrictions whose {name} is a list of texts that is not empty"
        if name == "countries" and not all(len(each) == 2 and each.isupper() for each in values):  # noqa: PLR2004  (ISO 3166-1 alpha-2)
            return 'restrictions whose countries are codes such as "GB"'
        if name == "hsCodes" and not all(_digits(each) for each in values):
            return 'restrictions whose hsCodes begin with digits, such as "9303"'
    return None
