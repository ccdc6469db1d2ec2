"""How much may be promised, and what an order asks of each stock row."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from packhouse.sdk.errors import InvalidValue

StockKey = tuple[UUID, UUID]
"""A row of stock: (variant, location)."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Units of a variant asked of a location by one order line.

    Raises:
        InvalidValue: the quantity is not positive.
    """

    variant_id: UUID
    location_id: UUID
    quantity: int

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise InvalidValue("quantity", f"{self.quantity} units cannot be asked for; at least 1")


def available_to_promise(
    on_hand: int,
    allocated: int = 0,
    reserved: int = 0,
    damaged: int = 0,
    quarantined: int = 0,
    safety_stock: int = 0,
    buffer: int = 0,
) -> int:
    """Units that may be promised to a channel which keeps `buffer` back; below zero nothing may, and so much is missing."""
    return on_hand - allocated - reserved - damaged - quarantined - safety_stock - buffer


def demand_by_key(lines: Iterable[Demand]) -> dict[StockKey, int]:
    """Units asked of each stock row, summed over all lines, in the order in which the rows must be locked.

    Sums first: two lines of one variant each find enough stock alone, and not together. Sorted, because two orders that
    lock the same rows in different orders wait for each other for ever.
    """
    wanted: Counter[StockKey] = Counter()
    for line in lines:
        wanted[line.variant_id, line.location_id] += line.quantity
    return dict(sorted(wanted.items()))
