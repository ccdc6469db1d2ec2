"""How much of a variant a channel may sell: pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a location can promise of a variant, in units; below zero where it lacks safety stock. `network` runs it, if any does."""

    location_id: UUID
    network: str
    available: int


@dataclass(frozen=True, slots=True)
class Serving:
    """Which locations serve a channel: those named (all, where none is), and fulfilment networks where they count."""

    locations: frozenset[UUID] = frozenset()
    networks: bool = True

    def by(self, shelf: Shelf) -> bool:
        """Whether a location serves the channel."""
        return (not self.locations or shelf.location_id in self.locations) and (self.networks or not shelf.network)


def units_for(serving: Serving, shelves: Iterable[Shelf]) -> int:
    """Units that can be promised to a channel now; what one location lacks takes nothing from the others.

    Backorders and dated arrivals would be added here.
    """
    return sum(max(0, shelf.available) for shelf in shelves if serving.by(shelf))


def bundles_of(parts: Mapping[UUID, int], units: Mapping[UUID, int]) -> int:
    """How many of a bundle the units of its parts make; `parts` has the units of each in one bundle."""
    return min((units.get(part, 0) // needed for part, needed in parts.items()), default=0)


def may_sell(units: int, buffer: int) -> int:
    """What may be sold when `buffer` units are kept back; never below nothing."""
    return max(0, units - buffer)
