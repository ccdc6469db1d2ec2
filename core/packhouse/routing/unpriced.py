"""Which prices recent decisions lacked, so that carriers can be asked for them before the next order comes."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from packhouse.routing.costs import band_of, lacks_price
from packhouse.routing.geography import normal_postcode
from packhouse.routing.kinds import covered, grams_of
from packhouse.routing.queries import rule_set
from packhouse.routing.questions import Candidate, Destination, Question, RuleSet, question_from_json
from packhouse.routing.rates import with_rates
from packhouse.routing.states import SplitPolicy
from packhouse.sdk import now
from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_json

# carriers' zones are as large as this or larger
PREFIX_LENGTH = 3
_RECENT = timedelta(days=7)

# a channel and the default have one active version each; by the partial index
_ACTIVE = """
SELECT channel, number, rules, split, most_parcels, split_bound FROM routing_rules WHERE is_active ORDER BY channel
"""
# the newest 2000 are looked at, however few of them were decided by such rules
_DECISIONS = """
SELECT rule_version, question FROM (
    SELECT rule_version, question, decided_at, id FROM routing_decision WHERE decided_at > $1
    ORDER BY decided_at DESC, id DESC LIMIT 2000
) AS recent
WHERE rule_version IN ({versions}) ORDER BY decided_at DESC, id DESC LIMIT 200
"""


@dataclass(frozen=True, slots=True)
class UnknownPrice:
    """A price that is not known: from a location to the postcodes that begin so, for parcels of at most so many grams.

    `destination` is one of the places there.
    """

    location_id: UUID
    location: str
    country: str
    postcode_prefix: str
    up_to_grams: int
    currency: str
    destination: Destination = field(compare=False)


async def unknown_prices(reader: Reader, valid_at: datetime) -> list[UnknownPrice]:
    """The prices that the newest decisions lack, or will at a moment; the newest first, each once.

    One small look where no rules in force look at costs.
    """
    rules = await _costed_rules(reader)
    if not rules:
        return []
    sql = _DECISIONS.format(versions=placeholders(len(rules), 2))
    rows = await reader.fetch(sql, now() - _RECENT, *sorted(rules))
    questions = [_unpriced(question_from_json(read_json(row["question"]))) for row in rows]
    priced = await with_rates(reader, questions, valid_at)
    found = (
        each
        for row, question in zip(rows, priced, strict=True)
        for each in prices_lacking(rules[row["rule_version"]], question)
    )
    return list(dict.fromkeys(found))


def prices_lacking(rules: RuleSet, question: Question) -> Iterator[UnknownPrice]:
    """The prices that a question lacks, of our own locations that have something: a network's price is in no carrier's tariff.

    For the whole of it, and where a split is bounded, for what each location has of it.
    """
    if question.value is None or not question.destination.country:
        return
    currency = question.value[1]
    for each in question.candidates:
        if not each.is_own or not each.country or not covered(each, question.demand):
            continue
        for grams in _weights(rules, question, each):
            if lacks_price(each.rates, grams, currency):
                yield _price(question.destination, each, band_of(grams), currency)


def _weights(rules: RuleSet, question: Question, candidate: Candidate) -> list[int]:
    loads = [dict(question.demand)]
    if rules.split is SplitPolicy.COST_BOUNDED:
        has = candidate.available
        loads.append({key: min(units, max(0, has.get(key, 0))) for key, units in question.demand.items()})
    return [grams for load in loads if (grams := grams_of(question, load)) is not None]


def _price(to: Destination, candidate: Candidate, grams: int, currency: str) -> UnknownPrice:
    prefix = normal_postcode(to.postcode)[:PREFIX_LENGTH]
    return UnknownPrice(candidate.location_id, candidate.code, to.country, prefix, grams, currency, to)


async def _costed_rules(reader: Reader) -> dict[str, RuleSet]:
    rows = await reader.fetch(_ACTIVE)
    sets = [
        rule_set(
            row["channel"],
            row["number"],
            read_json(row["rules"]),
            row["split"],
            row["most_parcels"],
            read_json(row["split_bound"]),
        )
        for row in rows
    ]
    return {each.version: each for each in sets if each.asks_for_costs}


def _unpriced(question: Question) -> Question:
    return replace(question, candidates=tuple(replace(each, rates=None) for each in question.candidates))
