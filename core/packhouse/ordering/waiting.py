"""Who waits for stock, until when, and whose turn it is: pure.

Waiting orders are served by the day that they were promised, then by their priority, then by their age. Nobody starves: an
order's day never moves back, and what is ordered later is never promised for an earlier day than the one on which it is
ordered. So only orders that were placed before its day ends can ever come before an order, and those are not endless.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from packhouse.inventory.arrivals import ArrivalOn

# Where nobody knows a date, an order is served as if it had been promised for so much later.
UNDATED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Units of an order that wait for a variant at a location."""

    id: UUID
    number: str
    quantity: int
    rank_on: datetime
    priority: int
    placed_at: datetime
    promised_at: datetime | None = None

    @property
    def rank(self) -> tuple[datetime, int, datetime, UUID]:
        """The lowest is served first."""
        return self.rank_on, -self.priority, self.placed_at, self.id


@dataclass(frozen=True, slots=True)
class Gift:
    """Units for one that waits; `place` of `waiting` that wait for the same, the first is 1, and why it is there."""

    to: Waiting
    units: int
    place: int
    waiting: int
    explanation: str


def expected_date(
    arrivals: Sequence[ArrivalOn], ahead: int, units: int, at: datetime, available_from: datetime | None = None
) -> datetime | None:
    """When the last of `units` comes for somebody who has `ahead` units waiting before; None where nobody knows.

    What is overdue is expected today. A pre-order has at least the date from which its variant is available.
    """
    coming = 0
    for arrival in arrivals:
        coming += arrival.units
        if coming >= ahead + units:
            return max(arrival.expected_at, _day(at), available_from or arrival.expected_at)
    return available_from


def rank_day(promised_at: datetime | None, since: datetime) -> datetime:
    """The start of the day (UTC) by which somebody is served who was promised a date, or waits `since` without one."""
    return _day(promised_at or since + UNDATED)


def _day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def brought_forward(
    promised_at: datetime | None, rank_on: datetime, expected_at: datetime | None
) -> tuple[datetime | None, datetime]:
    """The earliest date that was ever said, and the day by which it is served; a later one changes neither."""
    if expected_at is None:
        return promised_at, rank_on
    earliest = expected_at if promised_at is None else min(promised_at, expected_at)
    return earliest, min(rank_on, _day(expected_at))


def give_out(free: int, queue: Iterable[Waiting], *, waiting: int) -> list[Gift]:
    """Give free units to those who wait, in their order: everybody gets all they wait for before the next gets any.

    `queue` may be only the first of the `waiting` ones.
    """
    ranked = sorted(queue, key=lambda each: each.rank)
    gifts = []
    for index, each in enumerate(ranked):
        units = min(free, each.quantity)
        if units <= 0:
            break
        free -= units
        gifts.append(Gift(each, units, index + 1, waiting, _explain(ranked, index, waiting)))
    return gifts


def _explain(ranked: Sequence[Waiting], index: int, waiting: int) -> str:
    each = ranked[index]
    why = (
        f"promised for {each.promised_at:%Y-%m-%d}"
        if each.promised_at
        else f"no date promised, served as if for {each.rank_on:%Y-%m-%d}"
    )
    sentences = [f"{index + 1} of {waiting} that wait: {why}, priority {each.priority}"]
    if index:
        earlier = [_advantage(other, each) for other in ranked[:index]]
        counts = [f"{earlier.count(word)} {word}" for word in _ADVANTAGES if word in earlier]
        sentences.append(f"before it {', '.join(counts)}")
    if index + 1 < len(ranked):
        sentences.append(f"next {ranked[index + 1].number}, as this one is {_advantage(each, ranked[index + 1])}")
    return "; ".join(sentences)


_ADVANTAGES = ("promised for an earlier day", "of higher priority", "older")


def _advantage(first: Waiting, second: Waiting) -> str:
    """Why the first of two is served before the second."""
    if first.rank_on != second.rank_on:
        return _ADVANTAGES[0]
    return _ADVANTAGES[1] if first.priority != second.priority else _ADVANTAGES[2]
