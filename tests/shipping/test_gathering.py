"""Quotes that are gathered before the next order comes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from packhouse.inventory.models import Location
from packhouse.orders.models import Order
from packhouse.routing.commands.import_rates import keep_rates
from packhouse.routing.commands.set_routing_rules import SetRoutingRules, set_routing_rules
from packhouse.routing.costs import SplitBound
from packhouse.routing.models import RoutingDecision, ShippingRate
from packhouse.routing.questions import Candidate, Destination, Item, Question, Rule, RuleSet
from packhouse.routing.rate_files import RateRow
from packhouse.routing.states import RuleKind, SplitPolicy
from packhouse.routing.unpriced import prices_lacking
from packhouse.sdk import (
    Money,
    Provider,
    ProviderAuthFailed,
    ProviderRateLimited,
    ProviderRefused,
    Providers,
    ProviderUnavailable,
    QuoteRequest,
    ShippingQuote,
    new_id,
    now,
)
from packhouse.shipping.gathering import MOST_AT_ONCE, Gathered, QuoteGatherer
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect
from packhouse.testing.factories import ADDRESS, make_location, make_order, make_stock, make_variant
from packhouse.testing.partners import TestCarrier, TestNetwork
from packhouse.testing.statements import noted_statements, query_plan

_DAY = timedelta(days=1)
_CHEAPEST = (Rule(RuleKind.CHEAPEST), Rule(RuleKind.PRIORITY))
Run = Callable[..., Awaitable[Gathered]]


@dataclass
class Zoned(TestCarrier):
    """Takes 3 in its currency for a parcel from Leeds, 7 from elsewhere."""

    currency: str = "GBP"

    async def quote(self, request: QuoteRequest) -> list[ShippingQuote]:
        await super().quote(request)
        price = "3.00" if request.ship_from.city == "Leeds" else "7.00"
        return [ShippingQuote(self.code, "zoned", "Zoned", Money.of(price, self.currency))]


@pytest.fixture
def run(database: Database, by: Initiator) -> Run:
    """Runs a gatherer (a new one by default) with some carriers."""

    async def gather(*carriers: Provider, gatherer: QuoteGatherer | None = None) -> Gathered:
        providers = Providers(carriers={each.code: each for each in carriers})
        return await (gatherer or QuoteGatherer(_DAY)).run(database, providers, by, deadline_seconds=0.05)

    return gather


@pytest.fixture
async def places(database: Database) -> list[Location]:
    """York, which goes first, Leeds and a network, with mugs of 300 g."""
    await make_variant(database)
    found = [
        await make_location(database, "york", priority=1),
        await make_location(database, "leeds", priority=2, address=_in("Leeds")),
        await make_location(database, "net", priority=3, network="net"),
    ]
    for each in found[:2]:
        await make_stock(database, "MUG", each, 50)
    return found


@pytest.fixture
async def ordered(database: Database, by: Initiator, places: list[Location]) -> Order:
    """An order of one mug to London, decided by costs that nobody knew."""
    assert [each.code for each in places] == ["york", "leeds", "net"]
    await _decide_by(database, by, _CHEAPEST)
    return await make_order(database)


def _in(city: str) -> Any:
    return type(ADDRESS)(name="Yard", line1="2 Example Street", city=city, postcode="LS1 4AP", country="GB")


async def _decide_by(database: Database, by: Initiator, rules: tuple[Rule, ...]) -> None:
    await database.write(by, lambda uow: set_routing_rules(uow, SetRoutingRules("", rules)))


async def _quoted() -> list[tuple[str, str, int, int, str, str]]:
    rows = await ShippingRate.filter(source="quoted").prefetch_related("location").order_by("lane")
    return [
        (
            row.location.code if row.location else "",
            row.postcode_prefix,
            row.up_to_grams,
            row.price,
            row.currency,
            row.service,
        )
        for row in rows
    ]


async def _receipt(order: Order) -> dict[str, tuple[Any, ...]]:
    decision = await RoutingDecision.get(order_id=order.id)
    return {
        each["location"]: (each["cost"], each.get("rate", each.get("costWhy")), each["sends"])
        for each in decision.receipt["candidates"]
    }


async def test_the_next_order_goes_where_a_carrier_said_that_it_is_cheapest(
    database: Database, ordered: Order, run: Run
) -> None:
    assert await _receipt(ordered) == {
        "york": (None, "there is no rate to there", 1),
        "leeds": (None, "there is no rate to there", 0),
    }
    carrier = Zoned("zoned")
    before = now()
    assert await run(carrier, TestCarrier(price="90.00")) == Gathered(asked=2, kept=2)
    assert await _quoted() == [
        ("leeds", "SW1", 500, 300, "GBP", "zoned zoned"),
        ("york", "SW1", 500, 700, "GBP", "zoned zoned"),
    ]
    assert all(before + _DAY <= row.valid_until <= now() + _DAY for row in await ShippingRate.all())

    assert await _receipt(await make_order(database)) == {
        "leeds": ("3.00 GBP", "zoned zoned (quoted)", 1),
        "york": ("7.00 GBP", "zoned zoned (quoted)", 0),
    }
    assert await run(carrier) == Gathered(), "what is known and valid is not asked for"
    assert len(carrier.calls) == 2


@pytest.mark.usefixtures("ordered")
async def test_a_quote_is_renewed_before_it_ends_and_takes_the_place_of_the_old_one(
    database: Database, by: Initiator, run: Run
) -> None:
    await run(Zoned("zoned"))
    sql = "UPDATE shipping_rate SET valid_until = $1 WHERE price = 300"
    await database.write(by, lambda uow: uow.execute(sql, now() + _DAY / 8 - timedelta(minutes=1)))
    assert await run(TestCarrier(price="4.20")) == Gathered(asked=1, kept=1)
    assert await _quoted() == [
        ("leeds", "SW1", 500, 420, "GBP", "test standard"),
        ("york", "SW1", 500, 700, "GBP", "zoned zoned"),
    ]
    assert {row.valid_until > now() + _DAY / 2 for row in await ShippingRate.all()} == {True}


@pytest.mark.usefixtures("ordered")
async def test_what_somebody_entered_is_not_asked_for(database: Database, by: Initiator, run: Run) -> None:
    leeds = await Location.get(code="leeds")
    entered = [(RateRow("leeds", "", "GB", "", 5000, 990, "GBP", "contract"), leeds.id)]
    await database.write(by, lambda uow: keep_rates(uow, entered))
    assert await run(Zoned("zoned")) == Gathered(asked=1, kept=1)
    assert await _receipt(await make_order(database)) == {
        "york": ("7.00 GBP", "zoned zoned (quoted)", 1),
        "leeds": ("9.90 GBP", "contract (imported)", 0),
    }


@pytest.mark.usefixtures("ordered")
@pytest.mark.parametrize("refuses", [ProviderRefused("we do not go there"), KeyError("odd answer")])
async def test_a_price_that_a_carrier_does_not_name_is_not_asked_of_it_again(run: Run, refuses: Exception) -> None:
    gatherer, carrier = QuoteGatherer(_DAY), TestCarrier(fails={"quote": [refuses]})
    assert await run(carrier, gatherer=gatherer) == Gathered(asked=2, kept=1)
    assert await run(carrier, gatherer=gatherer) == Gathered()
    assert len(carrier.calls) == 2
    assert await run(carrier, Zoned("zoned"), gatherer=gatherer) == Gathered(asked=1, kept=1), "another may name it"
    assert len(carrier.calls) == 2


@pytest.mark.usefixtures("ordered")
async def test_quotes_in_another_currency_are_of_no_use(run: Run) -> None:
    gatherer, carrier = QuoteGatherer(_DAY), Zoned("zoned", currency="EUR")
    assert await run(carrier, gatherer=gatherer) == Gathered(asked=2)
    assert await run(carrier, gatherer=gatherer) == Gathered()
    assert await _quoted() == []


@pytest.mark.usefixtures("ordered")
@pytest.mark.parametrize("failure", [ProviderUnavailable("maintenance"), ProviderRateLimited("later", retry_after=0)])
async def test_a_carrier_that_is_down_is_left_for_the_next_run_and_blocks_nobody(
    database: Database, by: Initiator, run: Run, failure: Exception
) -> None:
    gatherer, down = QuoteGatherer(_DAY), TestCarrier(fails={"quote": [failure]})
    assert await run(down, gatherer=gatherer) == Gathered(asked=1)
    assert len(down.calls) == 1, "it is asked nothing more in this run"
    assert await run(down, gatherer=gatherer) == Gathered(asked=2, kept=2)
    down.fails = {"quote": [failure]}
    await database.write(by, lambda uow: uow.execute("UPDATE shipping_rate SET valid_until = $1", now()))
    assert await run(down, Zoned("zoned"), gatherer=gatherer) == Gathered(asked=2, kept=2)
    assert {service for *_, service in await _quoted()} == {"zoned zoned"}


@pytest.mark.usefixtures("ordered")
async def test_a_carrier_that_is_late_is_left_for_the_next_run(run: Run) -> None:
    slow = TestCarrier(delay_seconds=30)
    assert await run(slow) == Gathered(asked=1)
    assert len(slow.calls) == 1


@pytest.mark.usefixtures("ordered")
@pytest.mark.parametrize("failure", [ProviderRateLimited("slowly", retry_after=3600), ProviderAuthFailed("who?")])
async def test_a_carrier_is_left_alone_as_long_as_it_wants(run: Run, failure: Exception) -> None:
    gatherer, carrier = QuoteGatherer(_DAY), TestCarrier(fails={"quote": [failure]})
    assert await run(carrier, gatherer=gatherer) == Gathered(asked=1)
    with noted_statements() as sent:
        assert await run(carrier, gatherer=gatherer) == Gathered()
    assert sent == []
    assert await run(carrier, Zoned("zoned"), gatherer=gatherer) == Gathered(asked=2, kept=2)
    assert len(carrier.calls) == 1


async def test_nobody_is_asked_where_no_rule_looks_at_costs(
    database: Database, by: Initiator, places: list[Location], run: Run
) -> None:
    await _decide_by(database, by, (Rule(RuleKind.PRIORITY),))
    await make_order(database)
    carrier = TestCarrier()
    with noted_statements() as sent:
        assert await run(carrier) == Gathered()
    assert [statement.sql.split()[:2] for statement in sent] == [["SELECT", "channel,"]]
    with noted_statements() as sent:
        assert await run(TestNetwork()) == Gathered(), "nobody quotes"
    assert (sent, carrier.calls, len(places)) == ([], [], 3)


async def test_a_run_asks_for_so_many_prices_by_indexed_reads(
    database: Database, by: Initiator, ordered: Order, run: Run
) -> None:
    (decision,) = await RoutingDecision.filter(order_id=ordered.id)
    more = [
        RoutingDecision(
            id=new_id(),
            order_id=ordered.id,
            rule_version=decision.rule_version,
            receipt={},
            question={**decision.question, "postcode": f"{number:03}"},
            decided_at=decision.decided_at + timedelta(seconds=number + 1),
        )
        for number in range(30)
    ]

    async def add(_: UnitOfWork) -> None:
        await RoutingDecision.bulk_create(more)

    await database.write(by, add)
    carrier = TestCarrier()
    with noted_statements() as sent:
        assert await run(carrier) == Gathered(MOST_AT_ONCE, MOST_AT_ONCE)
    assert (carrier.calls[0], carrier.calls[-1]) == (("quote", "029"), ("quote", "005")), "the newest first"
    plans = [await query_plan(database, each) for each in sent if "routing_" in each.sql]
    if database.dialect is Dialect.SQLITE:
        assert ["routing_rules_active" in plans[0], "routing_decision_time" in plans[1]] == [True, True], plans
    assert len(plans) == 2
    assert await run(carrier) == Gathered(12, 12)


async def test_a_location_that_is_gone_is_passed_over(
    database: Database, by: Initiator, ordered: Order, run: Run
) -> None:
    decision = await RoutingDecision.get(order_id=ordered.id)
    decision.question["candidates"][0]["id"] = str(new_id())

    async def change(_: UnitOfWork) -> None:
        await decision.save(update_fields=["question"])

    await database.write(by, change)
    assert await run(TestCarrier()) == Gathered(asked=1, kept=1)


@pytest.mark.usefixtures("ordered")
async def test_what_was_decided_long_ago_is_not_asked_for(database: Database, by: Initiator, run: Run) -> None:
    long_ago: datetime = now() - timedelta(days=8)
    await database.write(by, lambda uow: uow.execute("UPDATE routing_decision SET decided_at = $1", long_ago))
    assert await run(TestCarrier()) == Gathered()


def test_rules_that_bound_what_a_split_costs_ask_for_both_weights() -> None:
    mug, lamp = new_id(), new_id()
    own = Candidate(new_id(), "york", 1, True, {mug: 1, lamp: 0}, "GB")
    others = (
        Candidate(new_id(), "net", 1, False, {mug: 9, lamp: 9}, "GB"),
        Candidate(new_id(), "empty", 1, True, {mug: 0, lamp: 0}, "GB"),
        Candidate(new_id(), "nowhere", 1, True, {mug: 9, lamp: 9}),
    )
    items = {mug: Item("MUG", 300), lamp: Item("LAMP", 4000)}
    question = Question({mug: 2, lamp: 1}, (own, *others), Destination("GB", "ls1 4ap"), (1000, "GBP"), items)
    bounded = RuleSet("web-1", (Rule(RuleKind.PRIORITY),), SplitPolicy.COST_BOUNDED, bound=SplitBound(percent=5))

    def asked(rules: RuleSet, question: Question) -> list[tuple[str, str, int]]:
        return [(each.location, each.postcode_prefix, each.up_to_grams) for each in prices_lacking(rules, question)]

    assert asked(bounded, question) == [("york", "LS1", 5000), ("york", "LS1", 500)]
    assert asked(RuleSet("web-1", _CHEAPEST), question) == [("york", "LS1", 5000)]
    unweighed = Question(question.demand, question.candidates, question.destination, question.value, {mug: Item("MUG")})
    assert asked(bounded, unweighed) == []
    assert asked(bounded, Question(question.demand, question.candidates, value=question.value, items=items)) == []
