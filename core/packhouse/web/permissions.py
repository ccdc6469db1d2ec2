"""What somebody may do: words such as `orders.read` and `fulfillment.write`, or `*` for all of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from packhouse.sdk import InvalidValue

EVERYTHING = "*"


class Area(StrEnum):
    """The parts of the house that are permitted one by one; each stands before `.read` and `.write`."""

    ORDERS = "orders"
    CUSTOMERS = "customers"
    CATALOG = "catalog"
    INVENTORY = "inventory"
    PAYMENTS = "payments"
    ROUTING = "routing"
    FULFILLMENT = "fulfillment"
    SHIPPING = "shipping"
    CHANNELS = "channels"
    RETURNS = "returns"
    FEEDBACK = "feedback"
    REPORTING = "reporting"
    EVENTS = "events"
    PLUGINS = "plugins"
    JOBS = "jobs"
    TOKENS = "tokens"

    @property
    def read(self) -> str:
        """The permission to see what is in it."""
        return f"{self.value}.read"

    @property
    def write(self) -> str:
        """The permission to change it, and to see it."""
        return f"{self.value}.write"


WORDS = frozenset(word for area in Area for word in (area.read, area.write))
_READ_OF = {area.write: area.read for area in Area}
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Permissions:
    """A set of permissions. Two that allow the same are equal, however they were written down.

    `granted` has the read permission of every write permission beside it; with `is_all` it is empty, and everything is allowed.
    """

    granted: frozenset[str]
    is_all: bool = False

    @classmethod
    def of(cls, words: Iterable[str], field: str = "permissions") -> "Permissions":
        """The permissions that words name; `*` is all of them.

        Raises:
            InvalidValue: none, or a word that is no permission; `field` is what its message is about.
        """
        wanted = {word.strip() for word in words}
        unknown = sorted(wanted - WORDS - {EVERYTHING})
        if unknown:
            raise InvalidValue(
                field,
                f"{_shortened(unknown[0])} is no permission: name one of {', '.join(sorted(WORDS))}, or {EVERYTHING}",
            )
        if not wanted:
            raise InvalidValue(field, f"name at least one permission, or {EVERYTHING} for all of them")
        return cls.kept(wanted)

    @classmethod
    def kept(cls, words: Iterable[str]) -> "Permissions":
        """The permissions of words that were checked before; one that is not known any more allows nothing."""
        known = frozenset(words)
        if EVERYTHING in known:
            return ALL
        known &= WORDS
        return cls(known | {_READ_OF[word] for word in known if word in _READ_OF})

    @property
    def words(self) -> list[str]:
        """The fewest words that name them, in alphabetical order."""
        if self.is_all:
            return [EVERYTHING]
        implied = {_READ_OF[word] for word in self.granted if word in _READ_OF}
        return sorted(self.granted - implied)

    def allows(self, word: str) -> bool:
        """Whether a permission is among them."""
        return self.is_all or word in self.granted

    def allows_any(self, words: Iterable[str]) -> bool:
        """Whether one of some permissions is among them."""
        return self.is_all or not self.granted.isdisjoint(words)

    def missing(self, words: Iterable[str]) -> list[str]:
        """Those of some permissions that are not among them, in alphabetical order."""
        return [] if self.is_all else sorted(set(words) - self.granted)

    def covers(self, others: "Permissions") -> bool:
        """Whether others allow nothing beyond these."""
        return self.is_all or (not others.is_all and others.granted <= self.granted)


ALL = Permissions(frozenset(), is_all=True)
NOTHING = Permissions(frozenset())


def _shortened(word: str) -> str:
    return repr(word if len(word) <= _LONGEST_SHOWN else f"{word[:_LONGEST_SHOWN]}...")


@dataclass(frozen=True, slots=True)
class Grant:
    """What whoever asks may do: `name` is that of the token, or of the plugin; without `expires_at` it has no end."""

    name: str
    permissions: Permissions
    expires_at: datetime | None = None
