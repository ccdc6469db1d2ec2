"""Orders of what is not there: they wait within the terms, and what comes goes to whose turn it is."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from packhouse.events.models import EventRow
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.announce_inbound import AnnounceInbound, InboundPart, announce_inbound
from packhouse.inventory.commands.receive_inbound import ReceiveInbound, receive_inbound
from packhouse.inventory.commands.reschedule_inbound import RescheduleInbound, reschedule_inbound
from packhouse.inventory.commands.set_backorder_terms import SetBackorderTerms, set_backorder_terms
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.models import Backorder, BackorderSupply, Location, StockLevel
from packhouse.ordering.commands.cancel import CancelOrder, cancel
from packhouse.ordering.commands.give_out import QUEUE
from packhouse.ordering.commands.open_work import open_due
from packhouse.ordering.commands.place import place
from packhouse.ordering.commands.reroute_waiting import RerouteWaiting, reroute_waiting
from packhouse.ordering.commands.set_preorder import SetPreorder, set_preorder
from packhouse.ordering.commands.set_priority import SetPriority, set_priority
from packhouse.ordering.data import OnShortage, PlaceLine, PlaceOrder
from packhouse.ordering.hooks import OrderingPlugin
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.routing.commands.set_routing_rules import SetRoutingRules, set_routing_rules
from packhouse.routing.questions import BUILT_IN
from packhouse.routing.replay import replay_routing
from packhouse.routing.states import SplitPolicy
from packhouse.sdk import Event, EventType, InvalidValue, Providers, Refused, now
from packhouse.settings import Settings
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import Dialect
from packhouse.testing.factories import (
    ADDRESS,
    BY,
    make_location,
    make_order,
    make_shipped,
    make_shop,
    make_stock,
    make_variant,
)
from packhouse.testing.proofs import refused
from packhouse.verification.verify import verify

FAR = datetime(2040, 3, 1, 9, tzinfo=UTC)


@dataclass
class _Services:
    database: Database
    providers: Providers = field(default_factory=Providers)
    settings: Settings = field(default_factory=Settings)


async def shop(database: Database, *, units: int = 0, limit: int = 10) -> Location:
    """A shop whose mugs may wait."""
    london = await make_shop(database, units=0)
    if units:
        await make_stock(database, "MUG", london, units)
    await terms(database, london, limit=limit)
    return london


async def terms(database: Database, location: Location, **limits: int) -> None:
    data = SetBackorderTerms("MUG", location.id, **limits)
    await database.write(BY, lambda uow: set_backorder_terms(uow, data))


async def settle(database: Database) -> list[str]:
    """Deliver what was told of stock that orders wait for, and what follows; the reasons."""
    plugin, reasons, done = OrderingPlugin(_Services(database)), list[str](), set[UUID]()
    while told := [
        row
        for row in await EventRow.filter(type=EventType.AWAITED_STOCK_CHANGED.value).order_by("id")
        if row.id not in done
    ]:
        for row in told:
            done.add(row.id)
            reasons.append(row.reason)
            event = Event(row.id, EventType.AWAITED_STOCK_CHANGED, 1, now(), reason=row.reason, payload=row.payload)
            await plugin.awaited_stock_changed(event)
    return reasons


async def announced(database: Database, location: Location, units: int, at: datetime | None) -> UUID:
    data = AnnounceInbound(location.id, (InboundPart("MUG", units),), supplier="Potters", expected_at=at)
    return (await database.write(BY, lambda uow: announce_inbound(uow, data))).id


async def received(database: Database, inbound: UUID, units: int) -> None:
    data = ReceiveInbound(inbound, (InboundPart("MUG", units),))
    await database.write(BY, lambda uow: receive_inbound(uow, data))


async def counters(order: Order) -> tuple[int, int]:
    line = await OrderLine.get(order_id=order.id)
    return line.allocated, line.backordered


async def works(order: Order) -> list[tuple[str, int]]:
    rows = await FulfillmentOrder.filter(order_id=order.id).order_by("id")
    lines = await FulfillmentOrderLine.filter(fulfillment_order__order_id=order.id)
    return [(row.status, sum(line.quantity for line in lines if line.fulfillment_order_id == row.id)) for row in rows]


async def sound(database: Database) -> bool:
    return [violation.message async for violation in verify(database)] == []


async def test_what_is_there_is_sent_and_the_rest_waits(database: Database) -> None:
    london = await shop(database, units=2)
    await announced(database, london, 3, FAR)
    order = await make_order(database, {"MUG": 5})
    assert order.status == "confirmed"
    assert await counters(order) == (2, 3)
    assert await works(order) == [("open", 2), ("backordered", 3)]
    backorder = await Backorder.get(order_id=order.id)
    assert (backorder.quantity, backorder.promised_at, backorder.expected_at) == (3, FAR, FAR)
    level = await StockLevel.get(location_id=london.id, variant_id=backorder.variant_id)
    assert (level.allocated, level.backordered) == (2, 3)
    told = await EventRow.get(type="order_backordered", order_id=order.id)
    assert told.payload["expected_at"] == FAR.isoformat()
    assert [(line["sku"], line["waiting"]) for line in told.payload["lines"]] == [("MUG", 3)]
    # nobody is asked to begin what is not there
    assert await EventRow.filter(type="fulfillment_requested", order_id=order.id).count() == 1
    assert await sound(database)


async def test_more_than_may_wait_is_refused_and_nothing_is_changed(database: Database) -> None:
    london = await shop(database, units=1, limit=3)
    await make_order(database, {"MUG": 2})
    with pytest.raises(Refused) as refusal:
        await make_order(database, {"MUG": 3})
    assert (refusal.value.code, refusal.value.field) == ("INSUFFICIENT_STOCK", "lines.0.quantity")
    assert await Order.all().count() == 1
    level = await StockLevel.get(location_id=london.id, variant__sku="MUG")
    assert (level.allocated, level.backordered) == (1, 1)
    # a channel's order that is sold already waits for people instead
    data = PlaceOrder("web", "GBP", (PlaceLine("MUG", 3),), shipping_address=ADDRESS, on_shortage=OnShortage.HOLD)
    sold = await database.write(BY, lambda uow: place(uow, data, lambda _: []))
    assert (await Order.get(id=sold)).status == "pending"
    assert [hold.reason for hold in await Hold.filter(order_id=sold)] == ["out_of_stock"]
    assert await sound(database)


async def test_an_order_without_terms_costs_no_more_than_before(database: Database) -> None:
    await make_shop(database)
    await make_order(database, {"MUG": 1, "PLATE": 1})
    assert await Backorder.all().count() == 0
    assert await EventRow.filter(type__in=["order_backordered", "awaited_stock_changed"]).count() == 0


async def test_the_limit_holds_however_many_order_at_once(database: Database) -> None:
    london = await shop(database, units=5, limit=7)

    async def buy() -> bool:
        try:
            await make_order(database, {"MUG": 1})
        except Refused:
            return False
        return True

    results = await asyncio.gather(*(buy() for _ in range(30)))
    assert sum(results) == 12
    level = await StockLevel.get(location_id=london.id, variant__sku="MUG")
    assert (level.allocated, level.backordered) == (5, 7)
    assert await sound(database)


async def test_what_comes_is_given_by_promise_then_priority_then_age(database: Database) -> None:
    london = await shop(database)
    soon = await announced(database, london, 2, FAR)
    await announced(database, london, 8, FAR + timedelta(days=5))
    first = await make_order(database, {"MUG": 2})
    plain = await make_order(database, {"MUG": 2})
    urgent = await make_order(database, {"MUG": 2})
    data = SetPriority(urgent.id, 7)
    await database.write(BY, lambda uow: set_priority(uow, data))
    await received(database, soon, 5)
    assert "received" in (await settle(database))[0]
    assert [await counters(each) for each in (first, urgent, plain)] == [(2, 0), (2, 0), (1, 1)]
    assert [await works(each) for each in (first, urgent, plain)] == [
        [("open", 2)],
        [("open", 2)],
        [("backordered", 2)],
    ]
    supply = await BackorderSupply.get(order_id=urgent.id)
    assert (supply.quantity, supply.place, supply.waiting) == (2, 2, 3)
    assert supply.source == "received, 3 more than announced"
    assert supply.explanation == (
        "2 of 3 that wait: promised for 2040-03-06, priority 7; before it 1 promised for an earlier day; "
        f"next {plain.number}, as this one is of higher priority"
    )
    told = await EventRow.get(type="stock_assigned", order_id=plain.id)
    assert (told.payload["units"], told.payload["still_waiting"], told.reason) == (
        1,
        1,
        told.payload["explanation"],
    )
    assert await EventRow.filter(type="fulfillment_requested", order_id=first.id).count() == 1
    assert await sound(database)


async def test_nobody_gets_what_others_wait_for(database: Database) -> None:
    london = await shop(database, limit=3)
    waiting = await make_order(database, {"MUG": 3})
    await make_stock(database, "MUG", london, 2)
    with pytest.raises(Refused, match="only 0 of 1 units"):
        await make_order(database, {"MUG": 1})
    await settle(database)
    assert await counters(waiting) == (2, 1)
    await make_stock(database, "MUG", london, 2)
    late = await make_order(database, {"MUG": 1})
    await settle(database)
    assert (await counters(waiting), await counters(late)) == ((3, 0), (1, 0))
    assert await sound(database)


async def test_a_cancellation_goes_to_those_who_wait(database: Database) -> None:
    await shop(database, units=3)
    holder = await make_order(database, {"MUG": 3})
    waiting = await make_order(database, {"MUG": 2})
    other = await make_order(database, {"MUG": 2})
    await database.write(BY, lambda uow: cancel(uow, CancelOrder(waiting.id, "changed their mind"), lambda _: []))
    assert [row.status for row in await Backorder.filter(order_id=waiting.id)] == ["released"]
    await database.write(BY, lambda uow: cancel(uow, CancelOrder(holder.id, "changed their mind"), lambda _: []))
    assert (await settle(database))[0] == "order cancelled"
    assert await counters(other) == (2, 0)
    assert (await StockLevel.get(variant__sku="MUG")).backordered == 0
    assert await sound(database)
    assert len(await make_shipped(database, other)) == 1
    assert await sound(database)


async def test_many_are_served_a_few_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packhouse.ordering.commands.give_out.AT_ONCE", 2)
    monkeypatch.setattr("packhouse.ordering.hooks.AT_ONCE", 2)
    london = await shop(database)
    orders = [await make_order(database, {"MUG": 1}) for _ in range(5)]
    await make_stock(database, "MUG", london, 5)
    assert len(await settle(database)) == 3
    assert [await counters(each) for each in orders] == [(1, 0)] * 5


async def test_safety_stock_is_not_given_out(database: Database) -> None:
    london = await shop(database)
    order = await make_order(database, {"MUG": 2})
    data = AdjustStock("MUG", london.id, "came", quantity=3, safety_stock=2)
    await database.write(BY, lambda uow: adjust_stock(uow, data))
    await settle(database)
    assert await counters(order) == (1, 1)


async def test_a_delay_is_told_and_costs_nobody_their_turn(database: Database) -> None:
    london = await shop(database)
    inbound = await announced(database, london, 2, FAR)
    order = await make_order(database, {"MUG": 2})
    later = FAR + timedelta(days=9)
    await database.write(BY, lambda uow: reschedule_inbound(uow, RescheduleInbound(inbound, later)))
    await settle(database)
    backorder = await Backorder.get(order_id=order.id)
    assert (backorder.promised_at, backorder.expected_at) == (FAR, later)
    assert backorder.rank_on == FAR.replace(hour=0)
    told = await EventRow.get(type="backorder_rescheduled", order_id=order.id)
    assert (told.payload["was_expected_at"], told.payload["expected_at"]) == (FAR.isoformat(), later.isoformat())
    sooner = FAR - timedelta(days=2)
    await database.write(BY, lambda uow: reschedule_inbound(uow, RescheduleInbound(inbound, sooner)))
    await settle(database)
    backorder = await Backorder.get(order_id=order.id)
    assert (backorder.promised_at, backorder.rank_on) == (sooner, sooner.replace(hour=0))


async def test_the_parts_of_a_bundle_wait(database: Database) -> None:
    london = await shop(database, units=1)
    await make_stock(database, "PLATE", london, 1)
    await make_variant(database, "SET")
    a_set = SetBundle("SET", (BundlePart("MUG", 2), BundlePart("PLATE", 1)))
    await database.write(BY, lambda uow: set_bundle(uow, a_set))
    order = await make_order(database, {"SET": 1})
    assert await counters(order) == (0, 1)
    assert await works(order) == [("open", 2), ("backordered", 1)]
    assert await sound(database)
    await make_stock(database, "MUG", london, 1)
    await settle(database)
    assert await counters(order) == (1, 0)
    assert await works(order) == [("open", 2), ("open", 1)]
    assert await sound(database)


async def test_where_orders_are_not_split_all_of_it_waits_together(database: Database) -> None:
    london = await shop(database, units=2)
    await make_stock(database, "PLATE", london, 1)
    rules = SetRoutingRules("", BUILT_IN.rules, SplitPolicy.NEVER)
    await database.write(BY, lambda uow: set_routing_rules(uow, rules))
    order = await make_order(database, {"MUG": 3, "PLATE": 1})
    assert await works(order) == [("backordered", 4)]
    lines = {line.sku: (line.allocated, line.backordered) for line in await OrderLine.filter(order_id=order.id)}
    assert lines == {"MUG": (2, 1), "PLATE": (1, 0)}
    await make_stock(database, "MUG", london, 1)
    await settle(database)
    assert await works(order) == [("open", 4)]
    assert await sound(database)


async def test_it_waits_where_there_is_room(database: Database) -> None:
    await shop(database, limit=1)
    york = await make_location(database, "york", priority=200)
    await terms(database, york, limit=5)
    order = await make_order(database, {"MUG": 3})
    assert [row.location_id for row in await FulfillmentOrder.filter(order_id=order.id)] == [york.id]


async def test_a_pre_order_leaves_on_its_day(database: Database) -> None:
    london = await shop(database, units=1, limit=0)
    await terms(database, london, preorder_limit=2)
    await make_stock(database, "PLATE", london, 5)
    data = SetPreorder("MUG", FAR)
    await database.write(BY, lambda uow: set_preorder(uow, data))
    there = await make_order(database, {"MUG": 1, "PLATE": 1})
    assert await works(there) == [("scheduled", 1), ("open", 1)]
    waits = await make_order(database, {"MUG": 2})
    with pytest.raises(Refused):
        await make_order(database, {"MUG": 1})
    assert await works(waits) == [("scheduled", 2)]
    assert (await Backorder.get(order_id=waits.id)).promised_at == FAR
    assert await open_due(database, BY) == 0
    await database.write(BY, lambda uow: set_preorder(uow, replace(data, available_from=None)))
    assert await open_due(database, BY) == 2
    assert await works(there) == [("open", 1), ("open", 1)]
    assert await works(waits) == [("backordered", 2)]
    await make_stock(database, "MUG", london, 2)
    await settle(database)
    assert await works(waits) == [("open", 2)]
    assert await sound(database)


async def test_what_cannot_be_set_is_refused(database: Database) -> None:
    await shop(database)
    order = await make_order(database, {"MUG": 1})
    for data, code in ((SetPreorder("NOPE", FAR), "UNKNOWN_SKU"),):
        with pytest.raises(Refused) as refusal:
            await database.write(BY, lambda uow, data=data: set_preorder(uow, data))  # type: ignore[misc]  # a default binds it
        assert refusal.value.code == code
    with pytest.raises(InvalidValue):
        await database.write(BY, lambda uow: set_preorder(uow, SetPreorder("MUG", FAR.replace(tzinfo=None))))
    with pytest.raises(InvalidValue):
        await database.write(BY, lambda uow: set_priority(uow, SetPriority(order.id, 2_000_000)))
    assert (await Order.get(id=order.id)).priority == 0


async def test_what_waits_goes_elsewhere_and_keeps_its_turn(database: Database) -> None:
    london = await shop(database)
    await announced(database, london, 9, FAR)
    order = await make_order(database, {"MUG": 3})
    await make_stock(database, "MUG", london, 1)
    await settle(database)
    york = await make_location(database, "york", priority=200)
    await make_stock(database, "MUG", york, 2)
    await database.write(BY, lambda uow: reroute_waiting(uow, RerouteWaiting(order.id)))
    await settle(database)
    assert sorted(await works(order)) == [("cancelled", 3), ("open", 1), ("open", 2)]
    assert await counters(order) == (3, 0)
    assert await sound(database)
    with pytest.raises(Refused) as refusal:
        await database.write(BY, lambda uow: reroute_waiting(uow, RerouteWaiting(order.id)))
    assert refusal.value.code == "NOTHING_WAITS"


async def test_without_another_place_it_waits_where_it_did(database: Database) -> None:
    london = await shop(database, limit=3)
    inbound = await announced(database, london, 3, FAR)
    order = await make_order(database, {"MUG": 3})
    data = RescheduleInbound(inbound, FAR + timedelta(days=9))
    await database.write(BY, lambda uow: reschedule_inbound(uow, data))
    await settle(database)
    await database.write(BY, lambda uow: reroute_waiting(uow, RerouteWaiting(order.id)))
    waits = await Backorder.get(order_id=order.id, status="waiting")
    assert (waits.promised_at, waits.rank_on) == (FAR, FAR.replace(hour=0))
    assert waits.expected_at == FAR + timedelta(days=9)
    assert await counters(order) == (0, 3)
    assert await sound(database)
    # lower terms than what waits: there is no room, and nothing changes
    await terms(database, london, limit=1)
    async with refused(database, "INSUFFICIENT_STOCK", "orderId"):
        await database.write(BY, lambda uow: reroute_waiting(uow, RerouteWaiting(order.id)))


async def test_unchanged_rules_decide_again_what_waits(database: Database) -> None:
    london = await shop(database, units=1)
    await make_stock(database, "PLATE", london, 1)
    await make_order(database, {"MUG": 3, "PLATE": 1})
    rules = SetRoutingRules("", BUILT_IN.rules, SplitPolicy.NEVER)
    await database.write(BY, lambda uow: set_routing_rules(uow, rules))
    await make_order(database, {"MUG": 2})
    async for replay in replay_routing(database, datetime(2020, 1, 1, tzinfo=UTC), now() + timedelta(days=1)):
        assert (replay.decisions, replay.same, replay.unknown) == (2, 2, 0)


async def test_the_queue_is_read_by_its_index(database: Database, by: Initiator) -> None:
    london = await shop(database)
    await make_order(database, {"MUG": 1})
    key = (await Backorder.get()).variant_id, london.id

    async def plan(uow: UnitOfWork) -> str:
        if uow.dialect is Dialect.POSTGRES:
            # it would read so small a table whole
            await uow.execute("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN " if uow.dialect is Dialect.POSTGRES else "EXPLAIN QUERY PLAN "
        return "\n".join(str(tuple(row)) for row in await uow.fetch(explain + QUEUE, *key, 50))

    assert "backorder_queue" in await database.write(by, plan)


async def test_orders_and_arrivals_at_one_moment(database: Database) -> None:
    """Whoever buys while stock comes and is given out: nothing is sold twice, and whoever waited is served first."""
    london = await shop(database, units=2, limit=8)
    waiting = [await make_order(database, {"MUG": 2}) for _ in range(5)]

    async def buy() -> int:
        try:
            await make_order(database, {"MUG": 1})
        except Refused:
            return 0
        return 1

    async def come() -> int:
        await make_stock(database, "MUG", london, 3)
        await settle(database)
        return 0

    bought = sum(await asyncio.gather(*(come() if number % 4 == 0 else buy() for number in range(16))))
    await settle(database)
    assert all([await counters(each) == (2, 0) for each in waiting])
    level = await StockLevel.get(variant__sku="MUG", location_id=london.id)
    assert level.allocated + level.backordered == 10 + bought
    assert level.backordered == 0 or level.on_hand == level.allocated
    assert await sound(database)
