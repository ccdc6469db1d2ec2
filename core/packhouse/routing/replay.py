"""Deciding again what was decided: by other rules, to see what they would have changed; by the same ones, to prove them.

Decisions are read in the order of their time, page by page, so that any number of them takes the memory of one page.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.routing.coordinates import with_coordinates
from packhouse.routing.geography import distance_km
from packhouse.routing.models import RoutingRules
from packhouse.routing.queries import version_name
from packhouse.routing.questions import BUILT_IN, Question, RuleSet, question_from_json, rules_from_json
from packhouse.routing.rules import route
from packhouse.routing.states import SplitPolicy
from packhouse.storage import Reader
from packhouse.storage.dialect import read_id, read_json, read_time

PAGE = 500
_MOST_EXAMPLES = 20

_PAGE_OF_DECISIONS = """
SELECT id, order_id, decided_at, rule_version, receipt, question FROM routing_decision
WHERE decided_at >= $1 AND decided_at < $2 AND (decided_at, id) > ($3, $4) ORDER BY decided_at, id LIMIT $5
"""
_FIRST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Position:
    """Behind which decision to go on."""

    decided_at: datetime
    id: UUID


@dataclass(slots=True)
class Tally:
    """What some decisions come to. `abroad` are parcels that cross a border, `theirs` those that others send for us.

    `distance_km` is summed over the `measured` parcels: those whose both ends are known.
    """

    parcels: int = 0
    split: int = 0
    unsent_units: int = 0
    abroad: int = 0
    theirs: int = 0
    measured: int = 0
    distance_km: float = 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that the other rules take otherwise: units by location, then and now."""

    order_id: UUID
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(slots=True)
class Replay:
    """What came of it so far. `same` were decided exactly alike, `unknown` have no question or rules that are kept."""

    decisions: int = 0
    same: int = 0
    unknown: int = 0
    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    examples: list[Difference] = field(default_factory=list)
    position: Position | None = None
    is_complete: bool = False


async def replay_routing(
    reader: Reader,
    since: datetime,
    until: datetime,
    rules: RuleSet | None = None,
    after: Position | None = None,
    page: int = PAGE,
) -> AsyncGenerator[Replay, None]:
    """Decide everything in [since, until) again, behind `after`; yields the running figures page by page.

    `rules` None means those that decided then.
    """
    result, known = Replay(position=after), dict[str, RuleSet]()
    while not result.is_complete:
        start = result.position or Position(since, _FIRST_ID)
        rows = await reader.fetch(_PAGE_OF_DECISIONS, since, until, start.decided_at, start.id, page)
        kept = [read_json(row["question"]) for row in rows]
        questions = iter(await with_coordinates(reader, [question_from_json(each) for each in kept if each]))
        for row, has_question in zip(rows, map(bool, kept), strict=True):
            chosen = rules or await _rules_then(row["rule_version"], known)
            _decide_again(result, row, next(questions) if has_question else None, chosen)
        if rows:
            result.position = Position(read_time(rows[-1]["decided_at"]), read_id(rows[-1]["id"]))
        result.is_complete = len(rows) < page
        yield result


async def _rules_then(version: str, known: dict[str, RuleSet]) -> RuleSet | None:
    if version == BUILT_IN.version:
        return BUILT_IN
    if version not in known:
        channel, _, number = version.rpartition("-")
        row = await RoutingRules.get_or_none(
            channel="" if channel == "default" else channel, number=int(number) if number.isdecimal() else 0
        )
        if row is None:
            return None
        known[version] = RuleSet(
            version_name(row.channel, row.number), rules_from_json(row.rules), SplitPolicy(row.split), row.most_parcels
        )
    return known[version]


def _decide_again(result: Replay, row: Mapping[str, Any], question: Question | None, rules: RuleSet | None) -> None:
    result.decisions += 1
    if rules is None or question is None:
        result.unknown += 1
        return
    receipt = read_json(row["receipt"])
    again = route(question, rules).receipt
    result.same += _outcome(receipt) == _outcome(again)
    _count(result.before, question, receipt)
    _count(result.after, question, again)
    before, after = _sends(receipt), _sends(again)
    if before != after and len(result.examples) < _MOST_EXAMPLES:
        result.examples.append(Difference(read_id(row["order_id"]), before, after))


def _outcome(receipt: Mapping[str, Any]) -> tuple[object, ...]:
    """All that was decided, with every candidate's rank, scores and reason."""
    return receipt["missing"], receipt["candidates"]


def _sends(receipt: Mapping[str, Any]) -> dict[str, int]:
    return {each["location"]: each["sends"] for each in receipt["candidates"] if each["sends"]}


def _count(tally: Tally, question: Question, receipt: Mapping[str, Any]) -> None:
    sends = _sends(receipt)
    places = {each.code: each for each in question.candidates}
    tally.parcels += len(sends)
    tally.split += len(sends) > 1
    tally.unsent_units += receipt["missing"]
    tally.abroad += sum(places[code].country != question.destination.country for code in sends)
    tally.theirs += sum(not places[code].is_own for code in sends)
    for code in sends:
        km = distance_km(places[code].coordinates, question.destination.coordinates)
        if km is not None:
            tally.measured += 1
            tally.distance_km += km
