"""Costs of parcels, the cheapest location, and splits that are bounded by cost."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.routing.costs import Rate, SplitBound
from packhouse.routing.questions import (
    Candidate,
    Destination,
    Item,
    Question,
    Rule,
    RuleSet,
    question_as_json,
    question_from_json,
)
from packhouse.routing.rules import Route, route
from packhouse.routing.states import RuleKind, SplitPolicy
from packhouse.sdk import new_id

MUG, PLATE = new_id(), new_id()
ITEMS = {MUG: Item("MUG", 400), PLATE: Item("PLATE", 600)}
CHEAPEST = (Rule(RuleKind.CHEAPEST), Rule(RuleKind.PRIORITY))


def rate(price: int, up_to: int = 2000, currency: str = "GBP", service: str = "parcel") -> Rate:
    return Rate(up_to, price, currency, service, "imported")


def place(code: str, mugs: int, plates: int, *rates: Rate, priority: int = 100) -> Candidate:
    return Candidate(new_id(), code, priority, True, {MUG: mugs, PLATE: plates}, rates=rates)


def ask(
    *places: Candidate, mugs: int = 1, plates: int = 1, value: tuple[int, str] | None = (5000, "GBP"), **more: Any
) -> Question:
    demand = {MUG: mugs, **({PLATE: plates} if plates else {})}
    return Question(demand, places, Destination("GB", "LS1 4AP"), value, **{"items": ITEMS, **more})


def decide(question: Question, rules: tuple[Rule, ...] = CHEAPEST, bound: SplitBound | None = None) -> Route:
    split = SplitPolicy.COST_BOUNDED if bound else SplitPolicy.WHEN_NEEDED
    return route(question, RuleSet("web-1", rules, split, bound=bound))


def lines(decision: Route) -> list[tuple[str, int, str]]:
    return [(each["location"], each["sends"], each["lost"]) for each in decision.receipt["candidates"]]


def test_the_cheapest_sends_and_the_receipt_says_what_it_costs() -> None:
    york = place("york", 5, 5, rate(520), rate(480, service="slow"), rate(300, 900), priority=1)
    receipt = decide(ask(york, place("leeds", 5, 5, rate(410)))).receipt
    assert receipt["grams"] == 1000
    assert [(each["location"], each["cost"], each["rate"], each["lost"]) for each in receipt["candidates"]] == [
        ("leeds", "4.10 GBP", "parcel (imported)", ""),
        ("york", "4.80 GBP", "slow (imported)", "leeds is cheaper: 4.10 GBP, not 4.80 GBP"),
    ]


@pytest.mark.parametrize(
    ("rates", "more", "why"),
    [
        ((), {}, "there is no rate to there"),
        ((rate(100, 999),), {}, "it is heavier than any rate"),
        ((rate(100, currency="EUR"),), {}, "there is no rate in GBP"),
        ((rate(100, currency="EUR"),), {"value": None}, "the rates are in several currencies"),
        ((rate(100),), {"items": {**ITEMS, PLATE: Item("PLATE")}}, "the weight is not known"),
    ],
)
def test_where_a_price_is_not_known_the_next_rule_decides_and_the_receipt_says_so(
    rates: tuple[Rate, ...], more: dict[str, Any], why: str
) -> None:
    decision = decide(ask(place("york", 5, 5, *rates, priority=1), place("leeds", 5, 5, rate(410)), **more))
    york, leeds = decision.receipt["candidates"]
    assert (york["location"], york["cost"], york["costWhy"], york["scores"]["cheapest"]) == ("york", None, why, 0.0)
    assert (leeds["scores"]["cheapest"], leeds["lost"]) == (0.0, "york has a better priority")


def test_one_without_a_price_that_has_nothing_stops_nobody() -> None:
    decision = decide(
        ask(place("empty", 0, 0, priority=1), place("york", 5, 5, rate(9)), place("leeds", 5, 5, rate(4)))
    )
    assert next(line for line in lines(decision) if line[1]) == ("leeds", 2, "")


# the mug is nearer at hand in york, both are in hull
YORK, LEEDS = place("york", 5, 0, rate(300), priority=1), place("leeds", 0, 5, rate(320), priority=2)
HULL = place("hull", 5, 5, rate(400), priority=3)
BY_PRIORITY = (Rule(RuleKind.PRIORITY),)


@pytest.mark.parametrize(
    ("bound", "senders"),
    [
        (SplitBound(220, "GBP"), ["york", "leeds"]),
        (SplitBound(219, "GBP"), ["hull"]),
        (SplitBound(percent=4.4), ["york", "leeds"]),
        (SplitBound(percent=4.3), ["hull"]),
        (SplitBound(0, "EUR"), ["york", "leeds"]),
    ],
)
def test_a_split_may_cost_only_so_much_more_than_one_parcel(bound: SplitBound, senders: list[str]) -> None:
    decision = decide(ask(YORK, LEEDS, HULL), BY_PRIORITY, bound)
    assert [code for code, sends, _ in lines(decision) if sends] == senders
    assert (decision.missing, decision.is_split_refused) == ({}, False)


def test_the_receipt_says_what_the_split_would_have_cost() -> None:
    decision = decide(ask(YORK, LEEDS, HULL), BY_PRIORITY, SplitBound(100, "GBP"))
    why = "a split would cost 2.20 GBP more than one parcel, and 1.00 GBP is allowed"
    assert lines(decision) == [("york", 0, why), ("leeds", 0, why), ("hull", 2, "")]
    assert decision.receipt["splitCost"] == {"extra": "2.20 GBP", "most": "1.00 GBP"}


def test_where_nobody_has_all_of_it_a_split_that_costs_too_much_is_refused() -> None:
    decision = decide(ask(YORK, LEEDS), BY_PRIORITY, SplitBound(319, "GBP"))
    assert (decision.is_split_refused, decision.missing) == (True, {PLATE: 1})
    assert lines(decision)[1] == (
        "leeds",
        0,
        "a split would cost 3.20 GBP more than one parcel, and 3.19 GBP is allowed",
    )
    assert not decide(ask(YORK, LEEDS), BY_PRIORITY, SplitBound(320, "GBP")).is_split_refused


@pytest.mark.parametrize(
    ("question", "bound", "why"),
    [
        (ask(YORK, place("leeds", 0, 5)), SplitBound(0, "GBP"), "not every parcel's price is known"),
        (
            ask(YORK, LEEDS, value=None),
            SplitBound(percent=1),
            "the bound is not known in the currency of the prices",
        ),
        (ask(YORK, LEEDS, mugs=9), SplitBound(0, "GBP"), "there is not enough of it"),
    ],
)
def test_what_is_not_known_cuts_nothing_off(question: Question, bound: SplitBound, why: str) -> None:
    decision = decide(question, BY_PRIORITY, bound)
    assert len(decision.assignments) == 2
    assert decision.receipt["splitCost"] == {"unknown": why}


prices = st.one_of(st.none(), st.integers(1, 900))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), prices), min_size=1, max_size=5),
    st.integers(1, 4),
    st.integers(0, 900),
)
def test_no_split_costs_more_than_it_may_where_prices_are_known(
    rows: list[tuple[int, int, int | None]], mugs: int, most: int
) -> None:
    places = [
        place(f"p{index}", mug, plate, *(() if price is None else (rate(price, 99_999),)), priority=index)
        for index, (mug, plate, price) in enumerate(rows)
    ]
    question, bound = ask(*places, mugs=mugs), SplitBound(most, "GBP")
    decision = decide(question, BY_PRIORITY, bound)
    free = decide(question, BY_PRIORITY)
    known = {each.location_id: each.rates[0].price for each in places if each.rates}
    if len(decision.assignments) > 1:
        assert decision.assignments == free.assignments
        whole = [each for each in places if each.available[MUG] >= mugs and each.available[PLATE] >= 1]
        alone = known.get(whole[0].location_id) if whole else min(known.get(each, 0) for each in free.assignments)
        if not free.missing and alone is not None and set(decision.assignments) <= set(known):
            assert sum(known[each] for each in decision.assignments) - alone <= most
    assert bool(decision.missing) == (bool(free.missing) or decision.is_split_refused), "nothing is lost by a bound"
    kept = question_from_json(orjson.loads(orjson.dumps(question_as_json(question))))
    assert kept == question
    rules = RuleSet("web-1", CHEAPEST, SplitPolicy.COST_BOUNDED, bound=bound)
    assert route(kept, rules) == route(question, rules)
