"""A network's own count becomes the stock of its location, without counting twice what it keeps for our orders."""

from datetime import timedelta

import pytest
from tests.fulfillment.partner import Desk, ask_to_cancel, give_work, make_network_location, shipped, stock, work_of

from packhouse.fulfillment.commands.count_network_stock import Counted
from packhouse.fulfillment.jobs import count_networks
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.models import Location, StockLevel, StockMovement
from packhouse.sdk import (
    NetworkStatus,
    NetworkStock,
    NetworkStockPage,
    NetworkUpdate,
    ProviderRateLimited,
    Providers,
    now,
)
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_order, make_variant
from packhouse.testing.partners import TestCooperatingNetwork, TestNetwork
from packhouse.testing.proofs import contradictions


async def _count(desk: Desk) -> Counted:
    return await count_networks(desk.database, desk.providers, BY)


async def _available() -> int:
    level = await StockLevel.get(variant__sku="MUG")
    return level.on_hand - level.allocated - level.reserved - level.damaged - level.quarantined


async def test_a_count_corrects_the_balances_and_the_ledger_says_so(
    desk: Desk, network: TestCooperatingNetwork
) -> None:
    await make_network_location(desk.database, network)
    await make_variant(desk.database, "PLATE")
    network.stock(NetworkStock("MUG", 7, damaged=2, quarantined=1), NetworkStock("PLATE", 4))

    assert await _count(desk) == Counted(compared=2, corrected=2)
    assert await _count(desk) == Counted(compared=2)

    level = await StockLevel.get(variant__sku="MUG")
    assert (level.on_hand, level.damaged, level.quarantined) == (10, 2, 1)
    assert (await StockLevel.get(variant__sku="PLATE")).on_hand == 4
    entries = await StockMovement.filter(kind="count").order_by("on_hand").values_list("on_hand", "damaged", "reason")
    assert list(entries) == [(0, 2, "network count"), (4, 0, "network count")]
    changes = await desk.database.fetch(
        "SELECT payload FROM event WHERE type = 'stock_adjusted' AND reason = $1", "network count"
    )
    assert len(changes) == 2
    assert await contradictions(desk.database) == []


async def test_units_that_they_keep_for_our_work_are_not_counted_twice(
    desk: Desk, network: TestCooperatingNetwork
) -> None:
    order = await give_work(desk, 3)
    assert await stock() == (10, 3)
    await make_order(desk.database, {"MUG": 1})
    # of ten they keep three for what they accepted; of the one that was not submitted yet they know nothing
    network.stock(NetworkStock("MUG", 7))
    assert await _count(desk) == Counted(compared=1)
    assert await stock() == (10, 4)

    network.answers[str((await work_of(order)).id)] = await shipped(order, 3)
    await desk.poll()
    assert await stock() == (7, 1)
    assert await _count(desk) == Counted(compared=1)
    assert await _available() == 6


async def test_work_that_they_accepted_after_the_count_is_not_added(
    desk: Desk, network: TestCooperatingNetwork
) -> None:
    await give_work(desk, 3)
    network.pages = [NetworkStockPage((NetworkStock("MUG", 10),), now() - timedelta(minutes=15))]
    assert await _count(desk) == Counted(compared=1)
    assert await _available() == 7

    # nor is it when they have taken it off already: too little is promised until the next count
    network.pages = [NetworkStockPage((NetworkStock("MUG", 7),), now() - timedelta(minutes=15))]
    await _count(desk)
    assert await _available() == 4
    network.stock(NetworkStock("MUG", 7))
    await _count(desk)
    assert await _available() == 7


async def test_work_that_was_asked_for_is_not_added(desk: Desk, network: TestCooperatingNetwork) -> None:
    order = await give_work(desk, 3)
    network.cancels = NetworkStatus.CANCELLATION_PENDING
    await ask_to_cancel(desk.database, order)
    await desk.deliver()
    network.stock(NetworkStock("MUG", 10))
    await _count(desk)
    network.answers[str((await work_of(order)).id)] = NetworkUpdate(NetworkStatus.CANCELLED)
    await desk.poll()
    await desk.deliver()
    assert await stock() == (10, 0)


async def test_what_is_claimed_stays_where_they_have_less(desk: Desk, network: TestCooperatingNetwork) -> None:
    await make_network_location(desk.database, network)
    await make_order(desk.database, {"MUG": 4})
    network.stock(NetworkStock("MUG", 1, damaged=2))
    await _count(desk)
    level = await StockLevel.get(variant__sku="MUG")
    assert (level.on_hand, level.allocated, level.damaged) == (6, 4, 2)
    assert await contradictions(desk.database) == []


async def test_what_cannot_be_taken_over_is_named_and_stops_nothing(
    desk: Desk, network: TestCooperatingNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    await make_network_location(desk.database, network)
    await make_variant(desk.database, "PLATE")
    await make_variant(desk.database, "SET")
    data = SetBundle("SET", (BundlePart("MUG", 2),))
    await desk.database.write(BY, lambda uow: set_bundle(uow, data))
    strange = (NetworkStock("UNHEARD-OF", 5), NetworkStock("PLATE", -1), NetworkStock("SET", 3))
    network.pages = [
        NetworkStockPage(strange, now(), cursor="1"),
        NetworkStockPage((NetworkStock("MUG", 6),), now(), unreadable=(("CUP", "no quantity"),)),
    ]

    counted = await _count(desk)

    assert counted == Counted(
        compared=1,
        corrected=1,
        passed_over=4,
        examples=(
            "PLATE: no number of units",
            "SET: a bundle has no stock of its own",
            "UNHEARD-OF: no variant has this SKU",
            "CUP: no quantity",
        ),
    )
    assert await stock() == (6, 0)
    assert await StockLevel.filter(variant__sku="PLATE").count() == 0
    assert "4 SKUs of london were passed over" in caplog.text


async def test_one_network_that_fails_stops_nobody_else(
    database: Database, network: TestCooperatingNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    await make_network_location(database, network)
    broken, odd = TestCooperatingNetwork("broken"), TestCooperatingNetwork("odd")
    for each in (broken, odd, TestNetwork("silent")):
        await make_network_location(database, each, each.code)
    inactive = await make_network_location(database, network, "closed")
    await Location.filter(id=inactive.id).update(is_active=False)
    network.stock(NetworkStock("MUG", 3))
    broken.fails_on = {"pull_stock": [ProviderRateLimited("slow down", retry_after=5)]}
    odd.fails_on = {"pull_stock": [KeyError("odd answer")]}

    networks = {each.code: each for each in (network, broken, odd, TestNetwork("silent"))}
    counted = await count_networks(database, Providers(networks=networks), BY)

    assert counted == Counted(compared=1, corrected=1)
    assert await stock() == (3, 0)
    assert await stock("closed") == (10, 0)
    assert "Counting the stock of broken at broken stopped: slow down" in caplog.text
    assert await FulfillmentOrder.all().count() == 0
