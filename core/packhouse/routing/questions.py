"""What routing is asked, and by which rules it answers: values that can be written down and asked again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from packhouse.hooks.judges import Judges
from packhouse.routing.capacity import Work
from packhouse.routing.costs import Rate, SplitBound
from packhouse.routing.geography import Coordinates, Place
from packhouse.routing.promises import Promise, promise_as_json, promise_from_json
from packhouse.routing.states import CoordinateSource, RuleFailure, RuleKind, SplitPolicy
from packhouse.sdk import ShippingSpeed

MOST_PARCELS = 100
NO_JUDGES = Judges()
_OF_PLUGINS = frozenset((RuleKind.PLUGIN, RuleKind.STRATEGY))


@dataclass(frozen=True, slots=True)
class Item:
    """What the catalogue says of a variant that is asked for; the weight of one unit in grams, None where it is not known."""

    sku: str
    weight_grams: int | None = None
    hs_code: str = ""


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
    rates: tuple[Rate, ...] | None = None
    promise: Promise | None = None

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
    """Units of each variant that are to be sent somewhere, and the locations that could.

    `value` is the order's (minor units, currency). `facts` are what plugins gathered before, by their codes. As with candidates, what
    only some rules look at is None where none of the rules does.
    """

    demand: Mapping[UUID, int]
    candidates: tuple[Candidate, ...]
    destination: Destination = NOWHERE
    value: tuple[int, str] | None = None
    items: Mapping[UUID, Item] | None = None
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    speed: ShippingSpeed = ShippingSpeed.STANDARD


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its options, which depend on its kind. `code` and `if_fails` are for those of plugins: `plugin/rule`, or `plugin`."""

    kind: RuleKind
    options: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    if_fails: RuleFailure | None = None

    @property
    def plugin(self) -> str:
        """The plugin that brings it; empty for our own."""
        return self.code.partition("/")[0]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in the order in which they decide: a later one is asked where all earlier ones see no difference.

    `version` names it in receipts. With `SplitPolicy.LIMITED` an order is sent in at most `most_parcels`, with COST_BOUNDED for at most
    `bound` more than in one. `judges` are those of the plugins.
    """

    version: str
    rules: tuple[Rule, ...]
    split: SplitPolicy = SplitPolicy.WHEN_NEEDED
    most_parcels: int = MOST_PARCELS
    bound: SplitBound | None = None
    judges: Judges = field(default=NO_JUDGES, compare=False)

    def uses(self, kind: RuleKind) -> bool:
        """Whether a rule of this kind is among them."""
        return any(rule.kind is kind for rule in self.rules)

    @property
    def names(self) -> tuple[str, ...]:
        """Each rule's name in receipts: its kind, or its code; one that comes again has its number behind."""
        names: list[str] = []
        for rule in self.rules:
            name = rule.code or rule.kind.value
            earlier = sum(each.partition("#")[0] == name for each in names)
            names.append(f"{name}#{earlier + 1}" if earlier else name)
        return tuple(names)

    @property
    def plugins(self) -> tuple[str, ...]:
        """The plugins that have a say."""
        return tuple(sorted({rule.plugin for rule in self.rules if rule.kind in _OF_PLUGINS}))

    @property
    def asks_for_costs(self) -> bool:
        """Whether they look at what parcels cost."""
        return self.split is SplitPolicy.COST_BOUNDED or self.uses(RuleKind.CHEAPEST)

    @property
    def asks_for_items(self) -> bool:
        """Whether they look at what the catalogue says of the variants."""
        return (
            self.asks_for_costs
            or self.uses(RuleKind.RESTRICTIONS)
            or any(rule.kind in _OF_PLUGINS for rule in self.rules)
        )


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
        **({} if question.value is None else {"value": list(question.value)}),
        **({} if question.items is None else {"items": _items_as_json(question.items)}),
        **({"facts": dict(question.facts)} if question.facts else {}),
        **({} if question.speed is ShippingSpeed.STANDARD else {"speed": question.speed.value}),
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
                **({} if each.rates is None else {"rates": [list(rate) for rate in each.rates]}),
                **({} if each.promise is None else {"promise": promise_as_json(each.promise)}),
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
                tuple(Rate(*rate) for rate in each["rates"]) if "rates" in each else None,
                promise_from_json(each["promise"]) if "promise" in each else None,
            )
            for each in kept["candidates"]
        ),
        Destination(kept["country"], kept["postcode"], kept.get("city", ""), _coordinates_from_json(kept)),
        tuple(kept["value"]) if "value" in kept else None,
        {UUID(variant): Item(*item) for variant, item in kept["items"].items()} if "items" in kept else None,
        kept.get("facts", {}),
        ShippingSpeed(kept.get("speed", ShippingSpeed.STANDARD)),
    )


def _items_as_json(items: Mapping[UUID, Item]) -> dict[str, list[Any]]:
    return {str(variant): [item.sku, item.weight_grams, item.hs_code] for variant, item in items.items()}


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
    return [
        {
            "kind": rule.kind.value,
            "options": dict(rule.options),
            **({"code": rule.code} if rule.code else {}),
            **({"if_fails": rule.if_fails.value} if rule.if_fails else {}),
        }
        for rule in rules
    ]


def rules_from_json(kept: list[dict[str, Any]]) -> tuple[Rule, ...]:
    """The rules that were kept."""
    return tuple(
        Rule(
            RuleKind(each["kind"]),
            each["options"],
            each.get("code", ""),
            RuleFailure(each["if_fails"]) if "if_fails" in each else None,
        )
        for each in kept
    )
