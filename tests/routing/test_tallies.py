from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from packhouse.routing.promises import Promise, Window
from packhouse.routing.questions import Candidate, Destination, Question
from packhouse.routing.rules import route
from packhouse.routing.tallies import Tally, count, parcels_of
from packhouse.sdk import new_id

MUG = new_id()
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def promised(days: float) -> Promise:
    there = AT + timedelta(days=days)
    return Promise(date(2026, 3, 2), AT, Window(there.date(), there.date(), there, there))


def tally(*promises: Promise | None) -> Tally:
    """Of one order for five mugs from places that have two each."""
    places = tuple(
        Candidate(UUID(int=index), f"p{index}", index, True, {MUG: 2}, "GB", promise=promise)
        for index, promise in enumerate(promises)
    )
    question, result = Question({MUG: 5}, places, Destination("GB")), Tally()
    decision = route(question)
    count(result, question, decision.receipt, decision.assignments, AT)
    assert parcels_of(question, decision.receipt) == decision.assignments
    return result


def test_all_of_an_order_is_there_with_its_last_parcel() -> None:
    assert tally(promised(2), promised(5.5), promised(1)) == Tally(parcels=3, split=1, promised=1, promised_days=5.5)


def test_where_one_promises_nothing_nothing_is_counted() -> None:
    never: Any = replace(promised(1), delivery=None)
    for missing in (None, never):
        found = tally(promised(2), missing, promised(1))
        assert (found.parcels, found.promised, found.promised_days) == (3, 0, 0.0)
