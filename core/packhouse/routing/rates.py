"""Finding what parcels cost: rates as they were imported, or as carriers quoted them and as long as that is valid."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.routing.costs import QUOTED, Rate
from packhouse.routing.geography import normal_postcode
from packhouse.routing.questions import Candidate, Destination, Question
from packhouse.sdk import now
from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_id

LONGEST_PREFIX = 10
_AT_ONCE = 1000

# the lanes first: SQLite looks at every rate otherwise
_RATES = """
WITH wanted (country, postcode_prefix) AS (VALUES {pairs})
SELECT rate.location_id, rate.origin_country, rate.country, rate.postcode_prefix, rate.up_to_grams, rate.price, rate.currency,
       rate.service, rate.source
FROM wanted CROSS JOIN shipping_rate AS rate
WHERE rate.country = wanted.country AND rate.postcode_prefix = wanted.postcode_prefix AND rate.valid_until > ${until}
"""
_Row = Mapping[str, Any]
_Lane = tuple[str, str]


async def with_rates(reader: Reader, questions: Sequence[Question], at: datetime | None = None) -> list[Question]:
    """The questions with the rates from every candidate to their destination; candidates that have them already keep them."""
    lanes = {lane for each in questions if _lacks(each) for lane in _lanes(each.destination)}
    found = await _read(reader, sorted(lanes), at or now()) if lanes else {}
    return [_with(each, found) if _lacks(each) else each for each in questions]


async def has_rates(reader: Reader) -> bool:
    """Whether there are any."""
    return bool(await reader.fetch("SELECT 1 FROM shipping_rate LIMIT 1"))


def prefixes(postcode: str) -> list[str]:
    """Under which beginnings of a postcode rates are looked for, the longest first; the last is any."""
    whole = normal_postcode(postcode)[:LONGEST_PREFIX]
    return [whole[:length] for length in range(len(whole), -1, -1)]


def _lacks(question: Question) -> bool:
    return any(each.rates is None for each in question.candidates)


def _lanes(to: Destination) -> list[_Lane]:
    return [(to.country, prefix) for prefix in prefixes(to.postcode)] if to.country else []


async def _read(reader: Reader, lanes: Sequence[_Lane], at: datetime) -> dict[_Lane, list[_Row]]:
    found: dict[_Lane, list[_Row]] = defaultdict(list)
    for start in range(0, len(lanes), _AT_ONCE):
        part = lanes[start : start + _AT_ONCE]
        pairs = ", ".join(f"({placeholders(2, 1 + 2 * index)})" for index in range(len(part)))
        values = [each for lane in part for each in lane]
        for row in await reader.fetch(_RATES.format(pairs=pairs, until=len(values) + 1), *values, at):
            found[row["country"], row["postcode_prefix"]].append(row)
    return found


def _with(question: Question, found: Mapping[_Lane, Sequence[_Row]]) -> Question:
    rows = [row for lane in _lanes(question.destination) for row in found.get(lane, ())]
    return replace(
        question,
        candidates=tuple(
            each if each.rates is not None else replace(each, rates=_of(each, rows)) for each in question.candidates
        ),
    )


def _of(candidate: Candidate, rows: Sequence[_Row]) -> tuple[Rate, ...]:
    """The rates of the most exact lane of those that were entered, and of those that were quoted: no quote hides an entered rate."""
    quoted = [row for row in rows if row["source"] == QUOTED]
    entered = [row for row in rows if row["source"] != QUOTED]
    return tuple(sorted(_rate(row) for row in (*_most_exact(candidate, entered), *_most_exact(candidate, quoted))))


def _most_exact(candidate: Candidate, rows: Sequence[_Row]) -> list[_Row]:
    """Those of a location before its country's before any; the longest postcode first.

    `rows` stand in the order of their postcodes, the longest first.
    """
    for fits in (_is_own, _is_of_country, _is_of_anywhere):
        mine = [row for row in rows if fits(candidate, row)]
        if mine:
            prefix = mine[0]["postcode_prefix"]
            return [row for row in mine if row["postcode_prefix"] == prefix]
    return []


def _is_own(candidate: Candidate, row: _Row) -> bool:
    return _location(row) == candidate.location_id


def _is_of_country(candidate: Candidate, row: _Row) -> bool:
    return _location(row) is None and bool(row["origin_country"]) and row["origin_country"] == candidate.country


def _is_of_anywhere(_: Candidate, row: _Row) -> bool:
    return _location(row) is None and not row["origin_country"]


def _location(row: _Row) -> UUID | None:
    return None if row["location_id"] is None else read_id(row["location_id"])


def _rate(row: _Row) -> Rate:
    return Rate(row["up_to_grams"], row["price"], row["currency"], row["service"], row["source"])
