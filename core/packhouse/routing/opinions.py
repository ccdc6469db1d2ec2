"""What a rule may think of a candidate."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Excluded:
    """The candidate may send nothing; `why` is for people."""

    why: str


Opinion = float | Excluded
"""A rank, of which the lower goes first, or that the candidate may send nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a rule thinks of the candidates, by their codes, with its own reasons where it gives any.

    `failure` says why it sees no difference, where that is because something is amiss.
    """

    opinions: Mapping[str, Opinion]
    reasons: Mapping[str, str] = field(default_factory=dict)
    failure: str = ""
