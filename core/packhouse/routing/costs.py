"""What parcels cost, and how much more several may cost than one; pure. Prices are in minor units of their currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from packhouse.sdk import Money

IMPORTED = "imported"
QUOTED = "quoted"
# the highest weight of each band that carriers are asked for; above them, every ten kilograms
_BANDS = (250, 500, 1000, 2000, 3000, 5000, 10_000, 15_000, 20_000, 25_000, 30_000)
_ABOVE = 10_000


class Rate(NamedTuple):
    """What a parcel of at most so many grams costs from a location to where the order goes; `source` says how that is known."""

    up_to_grams: int
    price: int
    currency: str
    service: str
    source: str


@dataclass(frozen=True, slots=True)
class SplitBound:
    """How much more an order may cost in several parcels than in one: an amount, or hundredths of the order's value."""

    minor: int | None = None
    currency: str = ""
    percent: float | None = None

    def most(self, value: tuple[int, str] | None, currency: str) -> int | None:
        """The most in minor units of a currency; None where it is known in another one only."""
        if self.minor is not None:
            return self.minor if self.currency == currency else None
        if self.percent is None or value is None or value[1] != currency:
            return None
        return int(value[0] * self.percent / 100)

    def as_json(self) -> dict[str, Any]:
        """As it is kept with its rules."""
        if self.minor is not None:
            return {"minor": self.minor, "currency": self.currency}
        return {"percent": self.percent}


def cheapest_rate(rates: Iterable[Rate] | None, grams: int | None, currency: str) -> Rate | None:
    """The cheapest that takes a parcel of this weight; None where none is known, or the weight is not.

    Rates that somebody entered go before quotes, which only fill their gaps.
    """
    if grams is None:
        return None
    fitting = [each for each in rates or () if each.currency == currency and each.up_to_grams >= grams]
    return min(
        fitting,
        key=lambda each: (each.source == QUOTED, each.price, each.up_to_grams, each.service, each.source),
        default=None,
    )


def band_of(grams: int) -> int:
    """The weight that carriers are asked about for a parcel of so many grams: the highest of its band."""
    return next((band for band in _BANDS if grams <= band), -(-grams // _ABOVE) * _ABOVE)


def lacks_price(rates: Iterable[Rate] | None, grams: int, currency: str) -> bool:
    """Whether a carrier's quote would help: nobody entered a rate that fits, and nobody quoted for the weight's own band."""
    fitting = [each for each in rates or () if each.currency == currency and each.up_to_grams >= grams]
    return not any(each.source != QUOTED or each.up_to_grams == band_of(grams) for each in fitting)


def weight_of(units: Mapping[Any, int], weights: Mapping[Any, int | None]) -> int | None:
    """Grams of so many units of each variant; None where the weight of one of them is not known."""
    total = 0
    for variant, count in units.items():
        weight = weights.get(variant)
        if weight is None:
            return None
        total += weight * count
    return total


def one_currency(value: tuple[int, str] | None, rates: Iterable[Rate]) -> str:
    """In which currency costs are compared: the order's, else the only one that there are rates in; empty where that is not clear."""
    if value is not None:
        return value[1]
    found = {each.currency for each in rates}
    return found.pop() if len(found) == 1 else ""


def shown(minor: int, currency: str) -> str:
    """An amount for people: `4.20 GBP`."""
    return f"{Money.from_minor(minor, currency).amount} {currency}"
