"""What changes about an order while a network works on it is passed on, or shown to people."""

from dataclasses import asdict, replace

import pytest
from tests.fulfillment.partner import Desk, give_work, open_holds, reasons, work_of

from packhouse.events.record import record
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.ordering.commands.release_hold import ReleaseHold, release_hold
from packhouse.orders.models import Hold, Order
from packhouse.orders.states import HoldReason
from packhouse.sdk import EventType, NetworkStatus, NetworkUpdate, ProviderInDoubt, ProviderUnavailable, new_id
from packhouse.storage import Database, UnitOfWork
from packhouse.testing.factories import ADDRESS, BY
from packhouse.testing.partners import TestCooperatingNetwork, TestNetwork
from packhouse.testing.proofs import contents

MOVED = replace(ADDRESS, line1="2 Another Street")


async def _move(database: Database, order: Order, changed: str = "shipping_address") -> None:
    """What a channel's update leaves behind."""

    async def change(uow: UnitOfWork) -> None:
        await Order.filter(id=order.id).update(shipping_address=asdict(MOVED))
        record(uow, EventType.ORDER_CHANGED, new_id(), order_id=order.id, payload={"changed": [changed]})

    await database.write(BY, change)


async def test_a_new_address_is_passed_on_once(desk: Desk, network: TestCooperatingNetwork) -> None:
    order = await give_work(desk)
    network.fails_on = {"update": [ProviderUnavailable("down")]}
    network.fails_on_after = {"update": [ProviderInDoubt("the line went dead")]}
    await _move(desk.database, order)
    for error in (ProviderUnavailable, ProviderInDoubt):
        with pytest.raises(error):
            await desk.deliver()
    await desk.deliver()
    await desk.deliver(again=True)

    # the one in doubt is told again: the same change twice is one
    assert [(each.reference, each.ship_to, each.on_hold) for each in network.changes] == [
        (str((await work_of(order)).id), MOVED, None)
    ] * 2
    assert len({each.idempotency_key for each in network.changes}) == 1
    assert await open_holds(order) == []


async def test_another_change_of_the_order_is_none_of_theirs(desk: Desk, network: TestCooperatingNetwork) -> None:
    order = await give_work(desk)
    await _move(desk.database, order, "email")
    await desk.deliver()
    assert network.calls == []


async def test_an_address_that_they_keep_holds_the_order_each_time(desk: Desk, network: TestCooperatingNetwork) -> None:
    order = await give_work(desk)
    network.refuses = "too late"
    for _ in range(2):
        await _move(desk.database, order)
        await desk.deliver()
        assert await open_holds(order) == [("address", "test-3pl keeps the old address: too late")]
        placed = await Hold.get(order_id=order.id, released_at=None)
        data = ReleaseHold(placed.id, "talked to them")
        await desk.database.write(BY, lambda uow, data=data: release_hold(uow, data, lambda _: []))  # type: ignore[misc]  # a default binds it
        await desk.deliver()
    before = await contents(desk.database)
    await desk.deliver(again=True)
    assert await contents(desk.database) == before
    # the address, and the hold that followed: neither could be passed on
    assert (await reasons(desk.database, "fulfillment_change_refused")).count("too late") == 6


@pytest.mark.parametrize("talks", [True, False])
async def test_a_hold_and_its_release_are_passed_on(database: Database, talks: bool) -> None:
    yes = NetworkUpdate(NetworkStatus.ACCEPTED)
    cooperating, silent = TestCooperatingNetwork(first=yes), TestNetwork(first=yes)
    desk = Desk(database, cooperating if talks else silent)
    order = await give_work(desk)

    await database.write(BY, lambda uow: hold(uow, HoldOrder(order.id, HoldReason.FRAUD)))
    await desk.deliver()
    placed = await Hold.get(order_id=order.id)
    await database.write(BY, lambda uow: release_hold(uow, ReleaseHold(placed.id), lambda _: []))
    await desk.deliver()

    assert [each.on_hold for each in cooperating.changes] == ([True, False] if talks else [])
    refused = [] if talks else ["test-3pl takes no changes of work that it has"]
    assert await reasons(database, "fulfillment_change_refused") == refused
    assert await open_holds(order) == []


async def test_ended_work_is_told_nothing(desk: Desk, network: TestCooperatingNetwork) -> None:
    order = await give_work(desk)
    await FulfillmentOrder.filter(order_id=order.id).update(status="closed")
    await _move(desk.database, order)
    await desk.deliver()
    assert network.calls == []
