"""What routing is asked, and by which rules it answers: values that can be written down and asked again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from packhouse.routing.capacity import Work
from packhouse.routing.geography import Coordinates, Place
from packhouse.routing.states import CoordinateSource, RuleKind, SplitPolicy

MOST_PARCELS = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A location that could send, and what it has available of each variant asked for.

    Facts that only some rules look at are None where none of the rules does.
    """

    location_id: UUID
    code: str
    priority: int
    is_own: bool
    available: Mapping[UUID, int]
    country: str = ""
    postcode: str = ""
    city: str = ""
    group: str = ""
    coordinates: Coordinates | None = None
    work: Work | None = None

    @property
    def place(self) -> Place:
        """Where it is, as its address says."""
        return Place(self.country, self.postcode, self.city)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the order goes: ISO 3166-1 alpha-2 country, postcode and city as they were written."""

    country: str = ""
    postcode: str = ""
    city: str = ""
    coordinates: Coordinates | None = None

    @property
    def place(self) -> Place:
        """Where it is, as its address says."""
        return Place(self.country, self.postcode, self.city)


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

    def uses(self, kind: RuleKind) -> bool:
        """Whether a rule of this kind is among them."""
        return any(rule.kind is kind for rule in self.rules)


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
    to = question.destination
    return {
        "demand": {str(variant): units for variant, units in question.demand.items()},
        "country": to.country,
        "postcode": to.postcode,
        "city": to.city,
        **_coordinates_as_json(to.coordinates),
        "candidates": [
            {
                "id": str(each.location_id),
                "code": each.code,
                "priority": each.priority,
                "own": each.is_own,
                "country": each.country,
                "postcode": each.postcode,
                "city": each.city,
                "group": each.group,
                "available": {str(variant): units for variant, units in each.available.items()},
                **_coordinates_as_json(each.coordinates),
                **({} if each.work is None else {"work": [each.work.units, each.work.orders]}),
            }
            for each in question.candidates
        ],
    }


def question_from_json(kept: Mapping[str, Any]) -> Question:
    """The question that was kept; an older one lacks the facts that were not looked at then."""
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
                each.get("postcode", ""),
                each.get("city", ""),
                each.get("group", ""),
                _coordinates_from_json(each),
                Work(*each["work"]) if "work" in each else None,
            )
            for each in kept["candidates"]
        ),
        Destination(kept["country"], kept["postcode"], kept.get("city", ""), _coordinates_from_json(kept)),
    )


def _coordinates_as_json(coordinates: Coordinates | None) -> dict[str, Any]:
    if coordinates is None:
        return {}
    return {"coordinates": [coordinates.source.value, coordinates.latitude, coordinates.longitude]}


def _coordinates_from_json(kept: Mapping[str, Any]) -> Coordinates | None:
    if "coordinates" not in kept:
        return None
    source, latitude, longitude = kept["coordinates"]
    return Coordinates(CoordinateSource(source), float(latitude), float(longitude))


def rules_as_json(rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
    """Rules as they are kept."""
    return [{"kind": rule.kind.value, "options": dict(rule.options)} for rule in rules]


def rules_from_json(kept: list[dict[str, Any]]) -> tuple[Rule, ...]:
    """The rules that were kept."""
    return tuple(Rule(RuleKind(each["kind"]), each["options"]) for each in kept)
