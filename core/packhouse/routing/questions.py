"""What routing is asked, and by which rules it answers: values that can be written down and asked again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from packhouse.routing.states import RuleKind, SplitPolicy

MOST_PARCELS = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A location that could send, and what it has available of each variant asked for."""

    location_id: UUID
    code: str
    priority: int
    is_own: bool
    available: Mapping[UUID, int]
    country: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the order goes: ISO 3166-1 alpha-2 country and the postcode as it was written."""

    country: str = ""
    postcode: str = ""


NOWHERE = Destination()


@dataclass(frozen=True, slots=True)
class Question:
    """Units of each variant that are to be sent somewhere, and the locations that could."""

    demand: Mapping[UUID, int]
    candidates: tuple[Candidate, ...]
    destination: Destination = NOWHERE


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its options, which depend on its kind."""

    kind: RuleKind
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in the order in which they decide: a later one is asked where all earlier ones see no difference.

    `version` names it in receipts. With `SplitPolicy.LIMITED` an order is sent in at most `most_parcels`.
    """

    version: str
    rules: tuple[Rule, ...]
    split: SplitPolicy = SplitPolicy.WHEN_NEEDED
    most_parcels: int = MOST_PARCELS


BUILT_IN = RuleSet(
    "builtin-2",
    (
        Rule(RuleKind.SHIP_COMPLETE),
        Rule(RuleKind.FEWEST_PARCELS),
        Rule(RuleKind.OWN_FIRST),
        Rule(RuleKind.PRIORITY),
    ),
)


def question_as_json(question: Question) -> dict[str, Any]:
    """A question as it is kept beside its decision."""
    return {
        "demand": {str(variant): units for variant, units in question.demand.items()},
        "country": question.destination.country,
        "postcode": question.destination.postcode,
        "candidates": [
            {
                "id": str(each.location_id),
                "code": each.code,
                "priority": each.priority,
                "own": each.is_own,
                "country": each.country,
                "available": {str(variant): units for variant, units in each.available.items()},
            }
            for each in question.candidates
        ],
    }


def question_from_json(kept: Mapping[str, Any]) -> Question:
    """The question that was kept."""
    return Question(
        {UUID(variant): units for variant, units in kept["demand"].items()},
        tuple(
            Candidate(
                UUID(each["id"]),
                each["code"],
                each["priority"],
                each["own"],
                {UUID(variant): units for variant, units in each["available"].items()},
                each["country"],
            )
            for each in kept["candidates"]
        ),
        Destination(kept["country"], kept["postcode"]),
    )


def rules_as_json(rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
    """Rules as they are kept."""
    return [{"kind": rule.kind.value, "options": dict(rule.options)} for rule in rules]


def rules_from_json(kept: list[dict[str, Any]]) -> tuple[Rule, ...]:
    """The rules that were kept."""
    return tuple(Rule(RuleKind(each["kind"]), each["options"]) for each in kept)
