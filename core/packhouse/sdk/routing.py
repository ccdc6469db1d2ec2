"""How a plugin takes part in deciding where an order is sent from: what it is asked, and what it may answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from packhouse.sdk.contributions import Facts


@dataclass(frozen=True, slots=True)
class RoutingItem:
    """Units of a variant that are to be sent; `weight_grams` is that of one, None where the catalogue does not know it."""

    sku: str
    quantity: int
    weight_grams: int | None = None


@dataclass(frozen=True, slots=True)
class RoutingCandidate:
    """A location that could send. `available` are its units by SKU, 0 or less where it has none to promise.

    `country` is an ISO 3166 code; `is_own` False means that a fulfillment network runs it.
    """

    code: str
    priority: int
    is_own: bool
    available: Mapping[str, int]
    country: str = ""
    postcode: str = ""
    city: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class RoutingQuestion:
    """Units that are to be sent to a place, and the locations that could send them.

    `facts` are the plugin's own from `gather_order_facts`, as JSON keeps them; empty where they came late, and where an order is
    routed again.
    """

    items: tuple[RoutingItem, ...]
    candidates: tuple[RoutingCandidate, ...]
    country: str = ""
    postcode: str = ""
    city: str = ""
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True, slots=True)
class RoutingOpinion:
    """What a rule thinks of a candidate: the lower `rank` goes first; `is_excluded` means that it may send nothing.

    `why` is for people: why it is excluded, or why it stands behind others.
    """

    rank: float = 0.0
    why: str = ""
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A kind of routing rule, chosen in `setRoutingRules` as `plugin/code`.

    `judge` is pure: it is called once for each candidate, inside the transaction, with the question, the candidate and the
    options, and answers the same whenever it is asked the same, because decisions are replayed. None for a candidate: the rule sees
    no difference between any. `check` says what is wrong with options (None:
    nothing); a rule without it takes none. Only one that says `may_exclude` may
    exclude; an order that it could not judge is held, others are routed without it.
    """

    code: str
    title: str
    judge: Callable[[RoutingQuestion, RoutingCandidate, Mapping[str, Any]], RoutingOpinion | None]
    check: Callable[[Mapping[str, Any]], str | None] | None = None
    may_exclude: bool = False
