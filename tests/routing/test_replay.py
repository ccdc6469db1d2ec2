import gc
import tracemalloc
from datetime import datetime, timedelta

import pytest

from packhouse.catalog.models import Variant
from packhouse.events.outbox import Outbox
from packhouse.routing.commands.import_rates import keep_rates
from packhouse.routing.models import RoutingDecision
from packhouse.routing.placement import Placement, Share
from packhouse.routing.queries import known_placement
from packhouse.routing.questions import Rule, RuleSet
from packhouse.routing.rate_files import RateRow
from packhouse.routing.replay import Replay, replay_routing
from packhouse.routing.states import RuleKind, SplitPolicy
from packhouse.sdk import InvalidValue, Refused, new_id, now
from packhouse.storage import Database, open_database
from packhouse.testing.factories import BY, make_location, make_order, make_shop, make_stock, make_variant


async def test_pages_bring_every_decision_once_and_say_how_far_they_are(database: Database) -> None:
    await make_shop(database, units=50)
    for _ in range(7):
        await make_order(database)
    since, until = now() - timedelta(minutes=1), now() + timedelta(minutes=1)
    seen = [figures.decisions async for figures in replay_routing(database, since, until, page=3)]
    assert seen == [3, 6, 7]
    whole = [figures async for figures in replay_routing(database, since, until)][-1]
    assert (whole.decisions, whole.same, whole.is_complete) == (7, 7, True)


async def test_decisions_without_a_question_are_counted_and_passed_over(database: Database) -> None:
    await make_shop(database)
    first, second = await make_order(database), await make_order(database)
    await RoutingDecision.filter(order_id=first.id).update(question={})
    await RoutingDecision.filter(order_id=second.id).update(rule_version="web-9")
    span = now() - timedelta(minutes=1), now() + timedelta(minutes=1)
    (figures,) = [each async for each in replay_routing(database, *span)]
    assert (figures.decisions, figures.same, figures.unknown) == (2, 0, 2)


async def fill(database: Database, decision: RoutingDecision, count: int) -> None:
    """So many decisions like this one, each a second after the one before."""
    rows = [
        {
            "id": new_id(),
            "order_id": decision.order_id,
            "rule_version": decision.rule_version,
            "receipt": decision.receipt,
            "question": decision.question,
            "decided_at": decision.decided_at + timedelta(seconds=index),
        }
        for index in range(1, count + 1)
    ]
    await database.write(BY, lambda uow: uow.insert("routing_decision", rows))


async def peak(database: Database, since: datetime, decisions: int) -> int:
    """The most memory in bytes that replaying so many takes."""
    gc.collect()
    tracemalloc.start()
    try:
        span = since, since + timedelta(seconds=decisions)
        async for figures in replay_routing(database, *span, DRAFT, page=50):
            seen = figures.decisions
        assert seen == decisions
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


DRAFT = RuleSet("draft", (Rule(RuleKind.PRIORITY),))
EMPTY = Placement()


async def test_ten_times_as_many_decisions_take_the_same_memory(sqlite_url: str) -> None:
    database = await open_database(sqlite_url, before_commit=Outbox().flush)
    try:
        await make_shop(database)
        order = await make_order(database)
        decision = await RoutingDecision.get(order_id=order.id)
        await fill(database, decision, 4000)
        since = decision.decided_at
        await peak(database, since, 100)
        few, many = await peak(database, since, 400), await peak(database, since, 4000)
    finally:
        await database.close()
    # what is not collected yet differs; ids alone, if they were kept, would be as much again
    assert many < few * 1.5


async def replayed(database: Database, rules: RuleSet | None = None, placement: Placement = EMPTY) -> Replay:
    span = now() - timedelta(minutes=1), now() + timedelta(minutes=1)
    (figures,) = [each async for each in replay_routing(database, *span, rules, placement=placement)]
    return figures


async def make_places(database: Database) -> None:
    """York has mugs, Leeds has mugs and plates; Hull has nothing."""
    await make_variant(database, "MUG")
    await make_variant(database, "PLATE")
    await Variant.filter(sku="MUG").update(weight_grams=400)
    await Variant.filter(sku="PLATE").update(weight_grams=700)
    for code, units in (("york", {"MUG": 8}), ("leeds", {"MUG": 2, "PLATE": 5})):
        location = await make_location(database, code, priority=len(units))
        for sku, count in units.items():
            await make_stock(database, sku, location, count)
    await make_location(database, "hull", priority=0)


async def test_replays_say_what_the_parcels_cost(database: Database) -> None:
    await make_places(database)
    rates = [RateRow("", "", "GB", "", grams, price, "GBP", "any") for grams, price in ((500, 300), (2000, 450))]
    await database.write(BY, lambda uow: keep_rates(uow, [(each, None) for each in rates]))
    await make_order(database, {"MUG": 1})
    await make_order(database, {"MUG": 5, "PLATE": 1})
    heavy = await replayed(database)
    assert (heavy.before.parcels, heavy.same) == (3, 2)
    # one mug; five mugs and a plate
    assert (heavy.before.cost, heavy.before.priced) == ({"GBP": 300 + 450 + 450}, 3)
    assert heavy.after == heavy.before
    one = await replayed(database, RuleSet("draft", (Rule(RuleKind.PRIORITY),), SplitPolicy.NEVER))
    assert (one.after.parcels, one.after.cost, one.after.priced) == (2, {"GBP": 300 + 450}, 2)


async def test_replays_tell_what_stock_placed_otherwise_would_have_changed(database: Database) -> None:
    await make_places(database)
    await make_order(database, {"MUG": 1})
    await make_order(database, {"MUG": 2, "PLATE": 1})
    as_it_was = await replayed(database)
    assert (as_it_was.same, as_it_was.before.parcels) == (2, 2)
    shares = [Share("MUG", "leeds", 0), Share("PLATE", "hull", 100)]
    moved = await replayed(database, placement=await known_placement(database, shares))
    assert (moved.before, moved.after.parcels, moved.after.split, moved.after.unsent_units) == (
        as_it_was.before,
        3,
        1,
        0,
    )
    assert [each.after for each in moved.examples] == [{"york": 2, "hull": 1}]
    to_hull = await known_placement(database, [Share("MUG", "hull", 50)])
    assert (await replayed(database, placement=to_hull)).examples[0].after == {"hull": 1}


@pytest.mark.parametrize(
    ("share", "code", "field"),
    [
        (Share("CUP", "york", 5), "UNKNOWN_SKU", "placement.0.sku"),
        (Share("MUG", "mars", 5), "UNKNOWN_LOCATION", "placement.0.location"),
        (Share("MUG", "york", 101), "INVALID_VALUE", "placement.0.percent"),
    ],
)
async def test_a_placement_of_what_there_is_not_is_refused(
    database: Database, share: Share, code: str, field: str
) -> None:
    await make_places(database)
    with pytest.raises((Refused, InvalidValue)) as refused:
        await known_placement(database, [share])
    assert (getattr(refused.value, "code", "INVALID_VALUE"), refused.value.field) == (code, field)
