"""How much may be promised, and which counts need nobody to look at them."""

from collections.abc import Sequence
from dataclasses import dataclass


def available_to_promise(
    on_hand: int,
    allocated: int = 0,
    reserved: int = 0,
    damaged: int = 0,
    quarantined: int = 0,
    safety_stock: int = 0,
    buffer: int = 0,
    *,
    backordered: int = 0,
) -> int:
    """Units that may be promised to a channel which keeps `buffer` back; below zero nothing may, and so much is missing.

    `backordered` units are promised already, to orders that wait for what comes.
    """
    return on_hand - allocated - reserved - damaged - quarantined - safety_stock - backordered - buffer


@dataclass(frozen=True, slots=True)
class Variance:
    """What counting a variant found beyond what should have been there, in units, and the value of one of them."""

    units: int
    unit_value: int | None


@dataclass(frozen=True, slots=True)
class CountPolicy:
    """What is approved without anybody: counts that are off by at most `units` and, where a currency is named, `value`.

    `value` is in minor units of `currency`; a variance whose value nobody knows is then looked at by somebody.
    """

    units: int = 0
    value: int = 0
    currency: str = ""


def is_within(policy: CountPolicy, variances: Sequence[Variance]) -> bool:
    """Whether a count need not be looked at: all deviations together, more or less, are within the policy."""
    off = [each for each in variances if each.units]
    if sum(abs(each.units) for each in off) > policy.units:
        return False
    if not policy.currency:
        return True
    if any(each.unit_value is None for each in off):
        return False
    return sum(abs(each.units) * (each.unit_value or 0) for each in off) <= policy.value


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are of the same person, as people write them."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
