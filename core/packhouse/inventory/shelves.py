"""The units of a divided stock level, by bin and lot: which of them go first, and where a movement happens. Pure."""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from packhouse.inventory.states import LotStatus

# A place within a stock level: the codes of bin and lot, empty where nobody said.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Placed:
    """What a movement changes in one bin and of one lot, in units; `on_hand` counts the damaged and quarantined ones, too."""

    bin: str
    lot: str = ""
    on_hand: int = 0
    damaged: int = 0
    quarantined: int = 0

    @property
    def place(self) -> Place:
        """Where."""
        return self.bin, self.lot


@dataclass(frozen=True, slots=True)
class Shelf:
    """Units in one bin and of one lot; `claimed` of the sellable ones are being picked.

    `may_be_sold`: its lot is released and has shelf life enough; `may_be_sent`: it is released and not expired. `walk` is
    where pickers come by, and in a bin for quarantine nothing is sellable.
    """

    bin: str
    lot: str
    on_hand: int
    damaged: int = 0
    quarantined: int = 0
    claimed: int = 0
    expires_on: date | None = None
    may_be_sold: bool = True
    may_be_sent: bool = True
    walk: tuple[int, int, str] = (0, 0, "")
    is_quarantine: bool = False

    @property
    def place(self) -> Place:
        """Where."""
        return self.bin, self.lot

    @property
    def may_be_kept(self) -> bool:
        """Whether its units may be counted as sellable."""
        return self.may_be_sold and not self.is_quarantine

    @property
    def sellable(self) -> int:
        """Units that are neither damaged nor in quarantine."""
        return self.on_hand - self.damaged - self.quarantined

    @property
    def free(self) -> int:
        """Sellable units that nobody is picking."""
        return self.sellable - self.claimed


def is_good(status: str, expires_on: date | None, today: date, days: int = 0) -> bool:
    """Whether units of a lot may go to a customer who shall have `days` of shelf life left; on the last day there are none."""
    if status != LotStatus.RELEASED:
        return False
    return expires_on is None or expires_on >= today + timedelta(days=days)


def first_expired(shelves: Iterable[Shelf]) -> list[Shelf]:
    """What goes first comes first: the earliest expiry, then the nearest bin; what never expires, then what is not sold, last."""
    return sorted(
        shelves, key=lambda shelf: (not shelf.may_be_sold, shelf.expires_on or date.max, shelf.walk, shelf.lot)
    )


def choose(shelves: Iterable[Shelf], units: int) -> list[Placed]:
    """Where to pick so many units, first expired first; fewer where there are not as many that may be sold."""
    chosen = []
    for shelf in first_expired(shelves):
        part = min(units, shelf.free)
        if part > 0 and shelf.may_be_sold:
            chosen.append(Placed(shelf.bin, shelf.lot, on_hand=part))
            units -= part
    return chosen


def divide(shelves: Sequence[Shelf], home: str, change: Placed, *, is_sent: bool = False) -> list[Placed] | None:
    """Where a change of a whole level happens when nobody said; None where the shelves do not allow it.

    What goes is taken first expired first, of sent units only what may be sent; what changes its condition stays where it
    is; what comes goes to the bin `home`, of no lot.
    """
    taken: deque[tuple[Place, int]] = deque()
    changes: list[Placed] = []
    deltas = _conditions(change)
    for condition, delta in deltas.items():
        found = _take(shelves, condition, -delta, is_sent=is_sent)
        if sum(units for _, units in found) < -delta:
            return None
        taken += found
        changes += [_of(place, condition, -units) for place, units in found]
    for condition, delta in deltas.items():
        left = max(0, delta)
        while left and taken:
            place, units = taken.popleft()
            part = min(left, units)
            changes.append(_of(place, condition, part))
            left -= part
            if units > part:
                taken.appendleft((place, units - part))
        if left:
            changes.append(_of((home, ""), condition, left))
    return summed(changes)


def summed(changes: Iterable[Placed]) -> list[Placed]:
    """One change for each place, without those that come to nothing."""
    sums: dict[Place, list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in changes:
        total = sums[each.place]
        total[0] += each.on_hand
        total[1] += each.damaged
        total[2] += each.quarantined
    return [Placed(*place, *total) for place, total in sums.items() if any(total)]


def _conditions(change: Placed) -> dict[str, int]:
    sellable = change.on_hand - change.damaged - change.quarantined
    return {"sellable": sellable, "damaged": change.damaged, "quarantined": change.quarantined}


def _take(shelves: Sequence[Shelf], condition: str, units: int, *, is_sent: bool) -> list[tuple[Place, int]]:
    found = []
    for shelf in first_expired(shelves):
        if condition == "sellable":
            there = shelf.free if shelf.may_be_sent or not is_sent else 0
        else:
            there = shelf.damaged if condition == "damaged" else shelf.quarantined
        part = min(units, there)
        if part > 0:
            found.append((shelf.place, part))
            units -= part
    return found


def _of(place: Place, condition: str, units: int) -> Placed:
    damaged, quarantined = (units if condition == name else 0 for name in ("damaged", "quarantined"))
    return Placed(*place, units, damaged, quarantined)
