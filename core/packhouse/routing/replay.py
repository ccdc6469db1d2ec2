"""Deciding again what was decided: by other rules, to see what they would have changed; by the same ones, to prove them; with the
stock placed otherwise.

Decisions are read in the order of their time, page by page, so that any number of them takes the memory of one page.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.hooks.judges import Judges
from packhouse.routing.coordinates import with_coordinates
from packhouse.routing.items import with_items
from packhouse.routing.models import RoutingRules
from packhouse.routing.placement import NO_PLACEMENT, Placement, placed
from packhouse.routing.queries import judges_of, rule_set
from packhouse.routing.questions import BUILT_IN, Question, RuleSet, question_from_json
from packhouse.routing.rates import has_rates, with_rates
from packhouse.routing.rules import route
from packhouse.routing.tallies import Tally, count, parcels_of, units_sent
from packhouse.storage import Reader
from packhouse.storage.dialect import read_id, read_json, read_time

PAGE = 500
_AT_ONCE = 20
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


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that the other rules take otherwise: units by location, then and now."""

    order_id: UUID
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(slots=True)
class Replay:
    """What came of it so far. `same` were decided exactly alike, `unknown` have no question, or rules or plugins that are gone.

    `plugins` counts the decisions in which a plugin had a say that is gone, or of another version now, by `code version`.
    """

    decisions: int = 0
    same: int = 0
    unknown: int = 0
    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    examples: list[Difference] = field(default_factory=list)
    plugins: dict[str, int] = field(default_factory=dict)
    position: Position | None = None
    is_complete: bool = False


async def replay_routing(
    reader: Reader,
    since: datetime,
    until: datetime,
    rules: RuleSet | None = None,
    after: Position | None = None,
    page: int = PAGE,
    placement: Placement = NO_PLACEMENT,
) -> AsyncGenerator[Replay, None]:
    """Decide everything in [since, until) again, behind `after`; yields the running figures page by page.

    `rules` None means those that decided then.
    """
    result, known, judges = Replay(position=after), dict[str, RuleSet | None](), judges_of(reader)
    prices = await has_rates(reader)
    while not result.is_complete:
        start = result.position or Position(since, _FIRST_ID)
        rows = await reader.fetch(_PAGE_OF_DECISIONS, since, until, start.decided_at, start.id, page)
        kept = await _questions(rows)
        asked = await _with_facts(reader, [each for each in kept if each is not None], prices=prices)
        other = asked
        if placement.shares:
            other = await _with_facts(reader, [placed(each, placement) for each in asked], prices=prices)
        pairs = iter(zip(asked, other, strict=True))
        for number, (row, question) in enumerate(zip(rows, kept, strict=True)):
            await _let_others(number)
            then = rules or await _rules_then(row["rule_version"], known, judges)
            _decide_again(result, row, None if question is None else next(pairs), then, is_draft=rules is not None)
        if rows:
            result.position = Position(read_time(rows[-1]["decided_at"]), read_id(rows[-1]["id"]))
        result.is_complete = len(rows) < page
        yield result


async def _questions(rows: Sequence[Mapping[str, Any]]) -> list[Question | None]:
    """What was decided on; None where that was not kept."""
    found = []
    for number, row in enumerate(rows):
        await _let_others(number)
        kept = read_json(row["question"])
        found.append(question_from_json(kept) if kept else None)
    return found


async def _let_others(number: int) -> None:
    """Whatever else the process does goes on within a page, too."""
    if number % _AT_ONCE == 0:
        await asyncio.sleep(0)


async def _with_facts(reader: Reader, questions: Sequence[Question], *, prices: bool) -> list[Question]:
    """With what figures are made of, as it is known today where the decision did not look at it."""
    questions = await with_items(reader, await with_coordinates(reader, list(questions)))
    return await with_rates(reader, questions) if prices else questions


async def _rules_then(version: str, known: dict[str, RuleSet | None], judges: Judges) -> RuleSet | None:
    if version == BUILT_IN.version:
        return BUILT_IN
    if version not in known:
        channel, _, number = version.rpartition("-")
        row = await RoutingRules.get_or_none(
            channel="" if channel == "default" else channel, number=int(number) if number.isdecimal() else 0
        )
        known[version] = (
            None
            if row is None
            else rule_set(row.channel, row.number, row.rules, row.split, row.most_parcels, row.split_bound, judges)
        )
    return known[version]


def _decide_again(
    result: Replay,
    row: Mapping[str, Any],
    questions: tuple[Question, Question] | None,
    rules: RuleSet | None,
    *,
    is_draft: bool,
) -> None:
    """One decision: `questions` are as it was asked and as it is asked now."""
    result.decisions += 1
    receipt = read_json(row["receipt"])
    gone = _changed_plugins(result, receipt, rules)
    if rules is None or questions is None or (gone and not is_draft):
        result.unknown += 1
        return
    asked, other = questions
    # what could not judge then does not judge now
    decision = route(other, rules) if is_draft else route(other, rules, receipt.get("failed", {}))
    again = decision.receipt
    result.same += _outcome(receipt) == _outcome(again)
    at = read_time(row["decided_at"])
    count(result.before, asked, receipt, parcels_of(asked, receipt), at)
    count(result.after, other, again, decision.assignments, at)
    before, after = units_sent(receipt), units_sent(again)
    if before != after and len(result.examples) < _MOST_EXAMPLES:
        result.examples.append(Difference(read_id(row["order_id"]), before, after))


def _changed_plugins(result: Replay, receipt: Mapping[str, Any], rules: RuleSet | None) -> bool:
    """Whether one that had a say is gone; those and the ones of another version are counted."""
    gone = False
    for plugin, version in receipt.get("plugins", {}).items():
        present = rules.judges.versions.get(plugin) if rules is not None else None
        if version is not None and present != version:
            name = f"{plugin} {version}"
            result.plugins[name] = result.plugins.get(name, 0) + 1
            gone = gone or present is None
    return gone


def _outcome(receipt: Mapping[str, Any]) -> tuple[object, ...]:
    """All that was decided, with every candidate's rank, scores and reason."""
    return receipt["missing"], receipt["candidates"], receipt.get("failed"), receipt.get("splitCost")
