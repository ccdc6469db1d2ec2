"""Picking by bin and lot: first expired first, in walking order, checked by the scan, and never what may not be sent."""

from datetime import timedelta
from typing import Any

import pytest

from packhouse.fulfillment.commands.confirm_pick import ConfirmPick, confirm_pick
from packhouse.fulfillment.commands.pack import PackParcel, pack
from packhouse.fulfillment.commands.reject import RejectFulfillment, reject_fulfillment
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import FulfillmentOrder, Pick
from packhouse.fulfillment.states import RejectionReason
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.move_stock import MoveStock, move_stock
from packhouse.inventory.commands.set_bin import SetBin, set_bin
from packhouse.inventory.commands.track_lots import TrackLots, track_lots
from packhouse.inventory.models import HoldingClaim, HoldingEntry, Location, Lot, StockHolding
from packhouse.orders.models import Order
from packhouse.sdk import now
from packhouse.shipping.commands.create_shipment import CreateShipment, create_shipment
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_order, make_shipped, make_variant
from packhouse.testing.proofs import contradictions, refused

TODAY = now().date()


async def run(database: Database, command: Any, data: Any) -> Any:
    return await database.write(BY, lambda uow: command(uow, data))


@pytest.fixture
async def london(database: Database) -> Location:
    """Tea of two lots in three bins, walked Z, A, B; L-1 expires first."""
    location = await make_location(database)
    await make_variant(database, "TEA")
    await run(database, track_lots, TrackLots("TEA"))
    for code, sequence in (("Z", 1), ("A", 2), ("B", 3)):
        await run(database, set_bin, SetBin(location.id, code, sequence))
    for lot, bin_, units, days in (("L-2", "A", 5, 90), ("L-1", "B", 3, 30), ("L-1", "Z", 2, 30)):
        data = AdjustStock(
            "TEA", location.id, "came", units, bin=bin_, lot=lot, expires_on=TODAY + timedelta(days=days)
        )
        await run(database, adjust_stock, data)
    return location


async def begin(database: Database, *orders: Order) -> list[Pick]:
    work = await FulfillmentOrder.filter(order_id__in=[order.id for order in orders], status="open")
    pick_list = await run(database, start_picking, StartPicking(tuple(row.id for row in work)))
    return await Pick.filter(pick_list_id=pick_list.id).order_by("position")


def asked(picks: list[Pick]) -> list[tuple[str, str, int]]:
    return [(pick.bin, pick.lot, pick.quantity) for pick in picks]


async def scan(database: Database, pick: Pick, units: int, lot: str) -> None:
    await run(database, confirm_pick, ConfirmPick(pick.id, "TEA", units, lot))


async def test_what_expires_first_is_picked_first_in_walking_order_and_never_twice(
    database: Database, london: Location
) -> None:
    assert asked(await begin(database, await make_order(database, {"TEA": 4}))) == [("Z", "L-1", 2), ("B", "L-1", 2)]
    # one round for two orders: each has its own units
    orders = [await make_order(database, {"TEA": units}) for units in (2, 1)]
    assert asked(await begin(database, *orders)) == [("A", "L-2", 1), ("A", "L-2", 1), ("B", "L-1", 1)]
    assert await contradictions(database) == []
    # what is being picked is not moved away under the picker's hands
    async with refused(database, "INSUFFICIENT_STOCK", "quantity"):
        await run(database, move_stock, MoveStock("TEA", london.id, 3, "B", "A", "tidied up"))


@pytest.mark.usefixtures("london")
async def test_units_leave_from_the_bins_and_lots_that_were_picked(database: Database) -> None:
    order = await make_order(database, {"TEA": 6})
    [shipment] = await make_shipped(database, order)
    assert {(row.bin, row.lot): row.on_hand for row in await StockHolding.all()} == {("A", "L-2"): 4}
    entries = await HoldingEntry.filter(movement__kind="ship", movement__reference=str(shipment.id)).order_by("bin")
    assert [(row.bin, row.lot, row.on_hand) for row in entries] == [
        ("A", "L-2", -1),
        ("B", "L-1", -3),
        ("Z", "L-1", -2),
    ]
    assert await HoldingClaim.all().count() == 0
    assert await contradictions(database) == []


async def test_the_scan_checks_the_lot(database: Database, london: Location) -> None:
    [pick] = await begin(database, await make_order(database, {"TEA": 2}))
    assert asked([pick]) == [("Z", "L-1", 2)]
    async with refused(database, "LOT_REQUIRED", "lot"):
        await scan(database, pick, 1, "")
    async with refused(database, "WRONG_LOT", "lot"):
        await scan(database, pick, 1, "L-9")
    # it may be sold, and lies in another bin
    async with refused(database, "WRONG_LOT", "lot"):
        await scan(database, pick, 1, "L-2")
    await run(database, move_stock, MoveStock("TEA", london.id, 2, "A", "Z", "tidied up"))
    await scan(database, pick, 1, "L-2")
    await scan(database, pick, 1, "L-1")
    picks = await Pick.all().order_by("id")
    assert [(each.bin, each.lot, each.quantity, each.picked) for each in picks] == [
        ("Z", "L-1", 1, 1),
        ("Z", "L-2", 1, 1),
    ]
    assert await contradictions(database) == []
    other = (await begin(database, await make_order(database, {"TEA": 1})))[0]
    assert asked([other]) == [("Z", "L-1", 1)]
    await scan(database, other, 1, "L-2")
    assert asked(await Pick.filter(id=other.id)) == [("Z", "L-2", 1)]
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_what_expired_is_neither_picked_nor_taken_nor_sent(database: Database) -> None:
    [pick] = await begin(database, await make_order(database, {"TEA": 2}))
    await Lot.filter(code="L-1").update(expires_on=TODAY - timedelta(days=1))
    async with refused(database, "NOT_SELLABLE", "lot"):
        await scan(database, pick, 2, "L-1")
    # the ten units were promised, and five of them are not good any more
    second = await make_order(database, {"TEA": 6})
    async with refused(database, "NOT_SELLABLE", "fulfillmentOrderIds"):
        await begin(database, second)
    await Lot.filter(code="L-1").update(expires_on=TODAY)
    await scan(database, pick, 2, "L-1")
    work = await FulfillmentOrder.get(status="in_progress")
    parcel = await run(database, pack, PackParcel(work.id))
    shipment = await run(database, create_shipment, CreateShipment(parcel.id, "test", tracking_number="T-1"))
    await Lot.filter(code="L-1").update(status="recalled")
    async with refused(database, "NOT_SELLABLE"):
        await run(database, hand_over, HandOver(shipment.id))


@pytest.mark.usefixtures("london")
async def test_work_that_ends_lets_go_of_its_bins_and_lots(database: Database) -> None:
    order = await make_order(database, {"TEA": 4})
    picks = await begin(database, order)
    await scan(database, picks[0], 2, "L-1")
    assert sum([claim.quantity for claim in await HoldingClaim.all()]) == 4
    work = await FulfillmentOrder.get(order_id=order.id)
    await run(database, pack, PackParcel(work.id))
    await run(database, reject_fulfillment, RejectFulfillment(work.id, RejectionReason.OTHER))
    # what is packed is still to be sent
    assert [(claim.bin, claim.lot, claim.quantity) for claim in await HoldingClaim.all()] == [("Z", "L-1", 2)]
    assert await contradictions(database) == []
