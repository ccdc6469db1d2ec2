"""What routing rules look at beside the stock, read only where the rules that decide look at it."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson

from packhouse.fulfillment.queries import work_given_out
from packhouse.inventory.calendars import Calendar
from packhouse.routing.capacity import Limit, day_began, has_cut_off
from packhouse.routing.coordinates import with_coordinates
from packhouse.routing.items import with_items
from packhouse.routing.promises import promise_of
from packhouse.routing.questions import Question, RuleSet
from packhouse.routing.rates import with_rates
from packhouse.routing.states import RuleKind
from packhouse.routing.timetables import calendars_of, timetables
from packhouse.sdk import Facts, now
from packhouse.storage import Reader

log = logging.getLogger(__name__)


async def with_facts(
    reader: Reader,
    question: Question,
    rules: RuleSet,
    gathered: Mapping[str, Facts] = MappingProxyType({}),
    timed: Collection[UUID] = frozenset(),
) -> Question:
    """The question with every fact that the rules need: a statement for each kind of fact, none for the built-in rules.

    `gathered` is what plugins found out before, by their codes; `timed` are the locations that have a calendar.
    """
    if rules.uses(RuleKind.NEAREST):
        (question,) = await with_coordinates(reader, [question])
    if rules.uses(RuleKind.CAPACITY):
        question = await _with_work(reader, question, rules, timed)
    if rules.uses(RuleKind.FASTEST):
        question = await _with_promises(reader, question, timed)
    if rules.asks_for_items:
        (question,) = await with_items(reader, [question])
    if rules.asks_for_costs:
        (question,) = await with_rates(reader, [question])
    if rules.plugins:
        question = replace(question, facts=_kept(rules, gathered))
    return question


def _kept(rules: RuleSet, gathered: Mapping[str, Facts]) -> dict[str, Any]:
    """What the plugins of the rules gathered, as JSON keeps it, so that a replay is asked the same; what it cannot keep is missing."""
    kept = {}
    for plugin in rules.plugins:
        if plugin in gathered:
            try:
                kept[plugin] = orjson.loads(orjson.dumps(dict(gathered[plugin].values)))
            except TypeError as error:
                log.warning("Facts of plugin %s cannot be kept: %s", plugin, error)
    return kept


async def _with_work(reader: Reader, question: Question, rules: RuleSet, timed: Collection[UUID]) -> Question:
    """With the work of locations that have a limit. Nothing is locked: orders placed at one moment may go a little over it."""
    at = now()
    limits = _limits(question, rules)
    unsaid = sorted(each for each, limit in limits.items() if each in timed and not has_cut_off(limit))
    calendars: Mapping[UUID, Calendar] = await calendars_of(reader, unsaid) if unsaid else {}
    began = {each: day_began(limit, at, calendars.get(each)) for each, limit in limits.items()}
    work = await work_given_out(reader, began)
    return replace(
        question,
        candidates=tuple(replace(each, work=work.get(each.location_id)) for each in question.candidates),
    )


def _limits(question: Question, rules: RuleSet) -> dict[UUID, Limit]:
    by_code = {
        limit["location"]: limit
        for rule in rules.rules
        if rule.kind is RuleKind.CAPACITY
        for limit in rule.options["limits"]
    }
    return {each.location_id: by_code[each.code] for each in question.candidates if each.code in by_code}


async def _with_promises(reader: Reader, question: Question, timed: Collection[UUID]) -> Question:
    at, ids = now(), sorted(each.location_id for each in question.candidates if each.location_id in timed)
    tables = await timetables(reader, ids, question.destination, question.speed)
    promises = {location_id: promise_of(table, at) for location_id, table in tables.items()}
    return replace(
        question,
        candidates=tuple(replace(each, promise=promises.get(each.location_id)) for each in question.candidates),
    )
