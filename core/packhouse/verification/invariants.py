"""What an invariant is: a statement that finds the rows which break it, words for people, and a repair."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from packhouse.storage import UnitOfWork

Found = Mapping[str, Any]


class NotRepairable(Exception):
    """What was found cannot be put right without somebody who knows: the message says what to look at."""


class Locks(Enum):
    """What a repair waits for, so that nobody changes the rows meanwhile: (table, column of the found row with its id)."""

    ORDER = ("orders", "order_id")
    BALANCE = ("stock_level", "id")
    LEVEL = ("stock_level", "level")


# Puts one found row right; the text is the reason that events and movements get.
Repair = Callable[[UnitOfWork, Found, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that holds after every transaction.

    `broken` selects the rows that break it, in one statement, so that all of it is seen at one moment; `{batch}` in it is a
    condition on the id of `table`. Its rows have an `id`; `ids` names further columns that say where to look.
    """

    name: str
    table: str
    broken: str
    message: str
    proposal: str
    ids: tuple[str, ...] = ()
    repair: Repair | None = None
    locks: Locks | None = Locks.ORDER


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that breaks an invariant: which, how, and what would put it right."""

    invariant: Invariant
    row: Found

    @property
    def ids(self) -> dict[str, str]:
        """The ids of what is concerned, by what they are of."""
        return {self.invariant.table: str(self.row["id"]), **{name: str(self.row[name]) for name in self.invariant.ids}}

    @property
    def message(self) -> str:
        """What is wrong."""
        return self.invariant.message.format(**self.row)

    @property
    def proposal(self) -> str:
        """What would put it right."""
        return self.invariant.proposal.format(**self.row)
