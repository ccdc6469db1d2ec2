"""Bins and lots: divided levels stay the sum of their parts, through everything that moves stock."""

from datetime import date, timedelta
from typing import Any

import pytest

from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.announce_inbound import AnnounceInbound, InboundPart, announce_inbound
from packhouse.inventory.commands.cancel_inbound import CancelInbound, cancel_inbound
from packhouse.inventory.commands.move_stock import AssignLot, MoveStock, assign_lot, move_stock
from packhouse.inventory.commands.receive_inbound import ReceiveInbound, receive_inbound
from packhouse.inventory.commands.reclassify_stock import ReclassifyStock, reclassify_stock
from packhouse.inventory.commands.set_bin import SetBin, set_bin
from packhouse.inventory.commands.track_lots import TrackLots, track_lots
from packhouse.inventory.models import Bin, Location, Lot, StockHolding, StockLevel, StockMovement
from packhouse.inventory.states import BinKind, StockCondition
from packhouse.sdk import InvalidValue, new_id, now
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_shop
from packhouse.testing.proofs import contents, contradictions, refused

SOON = now().date() + timedelta(days=20)
LATER = now().date() + timedelta(days=200)


@pytest.fixture
async def london(database: Database) -> Location:
    """Ten mugs and ten plates in bin A-1 in London."""
    return await make_shop(database)


async def run(database: Database, command: Any, data: Any) -> Any:
    return await database.write(BY, lambda uow: command(uow, data))


async def adjust(database: Database, location: Location, **values: Any) -> StockLevel:
    data = AdjustStock(**{"sku": "MUG", "location_id": location.id, "reason": "counted", **values})
    return await run(database, adjust_stock, data)


async def track(database: Database, days: int = 0) -> None:
    await run(database, track_lots, TrackLots("MUG", minimum_days=days))


async def move(database: Database, location: Location, units: int, from_: str, to: str, lot: str = "") -> StockLevel:
    return await run(database, move_stock, MoveStock("MUG", location.id, units, from_, to, "tidied up", lot))


async def held(location: Location, sku: str = "MUG") -> dict[tuple[str, str], tuple[int, int, int]]:
    """(on hand, damaged, quarantined) by (bin, lot)."""
    rows = await StockHolding.filter(variant__sku=sku, location_id=location.id)
    return {(row.bin, row.lot): (row.on_hand, row.damaged, row.quarantined) for row in rows}


async def test_a_level_is_divided_when_part_of_it_moves_to_another_bin(database: Database, london: Location) -> None:
    await move(database, london, 4, "A-1", "B-2")
    assert await held(london) == {("A-1", ""): (6, 0, 0), ("B-2", ""): (4, 0, 0)}
    entries = await StockMovement.filter(variant__sku="MUG").order_by("id")
    assert [(each.kind, each.on_hand) for each in entries] == [("adjust", 10), ("divide", 0), ("move", 0)]
    await adjust(database, london, counted=3, bin="B-2")
    await adjust(database, london, quantity=2)
    assert await held(london) == {("A-1", ""): (8, 0, 0), ("B-2", ""): (3, 0, 0)}
    level = await move(database, london, 3, "B-2", "A-1")
    assert (level.on_hand, await held(london)) == (11, {("A-1", ""): (11, 0, 0)})
    assert await held(london, "PLATE") == {}
    assert await contradictions(database) == []


async def test_what_cannot_be_moved_is_not(database: Database, london: Location) -> None:
    async with refused(database, "INSUFFICIENT_STOCK", "quantity"):
        await move(database, london, 11, "A-1", "B-2")
    async with refused(database, "INSUFFICIENT_STOCK", "quantity"):
        await move(database, london, 1, "C-3", "B-2")
    async with refused(database, "UNKNOWN_SKU", "sku"):
        await run(database, move_stock, MoveStock("CUP", london.id, 1, "A-1", "B-2", "tidied up"))
    async with refused(database, "NOT_FOUND", "locationId"):
        await run(database, move_stock, MoveStock("MUG", new_id(), 1, "A-1", "B-2", "tidied up"))
    before = await contents(database)
    for change in ({"quantity": 0}, {"to_bin": "A-1"}, {"reason": " "}, {"to_bin": "x" * 33}):
        values: dict[str, Any] = {"quantity": 1, "from_bin": "A-1", "to_bin": "B-2", "reason": "tidied up", **change}
        with pytest.raises(InvalidValue):
            await run(database, move_stock, MoveStock("MUG", london.id, **values))
    assert await contents(database) == before


async def test_described_bins_are_the_only_ones_and_one_for_quarantine_keeps_its_units_apart(
    database: Database, london: Location
) -> None:
    await run(database, set_bin, SetBin(london.id, "A-1", 2))
    await run(database, set_bin, SetBin(london.id, "Q-1", kind=BinKind.QUARANTINE))
    changed = await run(database, set_bin, SetBin(london.id, "A-1", 5))
    assert (changed.sequence, await Bin.filter(location_id=london.id).count()) == (5, 2)
    async with refused(database, "UNKNOWN_BIN", "toBin"):
        await move(database, london, 1, "A-1", "B-2")
    async with refused(database, "BIN_IN_USE", "code"):
        await run(database, set_bin, SetBin(london.id, "A-1", is_active=False))
    async with refused(database, "NOT_FOUND", "locationId"):
        await run(database, set_bin, SetBin(new_id(), "A-1"))
    level = await move(database, london, 4, "A-1", "Q-1")
    assert (level.on_hand, level.quarantined) == (10, 4)
    data = ReclassifyStock(
        "MUG", london.id, 1, StockCondition.QUARANTINED, StockCondition.SELLABLE, "looks fine", bin="Q-1"
    )
    async with refused(database, "NOT_SELLABLE"):
        await run(database, reclassify_stock, data)
    async with refused(database, "QUARANTINE_BIN", "bin"):
        await run(database, adjust_stock, AdjustStock("PLATE", london.id, "came", 1, bin="Q-1"))
    # out of the bin they are in quarantine still, until somebody says otherwise
    await move(database, london, 4, "Q-1", "A-1")
    assert await held(london) == {("A-1", ""): (10, 0, 4)}
    assert await contradictions(database) == []
    before = await contents(database)
    for values in ({"code": " "}, {"code": "x" * 33}, {"sequence": -1}):
        with pytest.raises(InvalidValue):
            await run(database, set_bin, SetBin(**{"location_id": london.id, "code": "C-1", **values}))
    assert await contents(database) == before


async def test_units_of_a_tracked_variant_come_with_their_lot(database: Database, london: Location) -> None:
    await track(database, days=30)
    async with refused(database, "LOT_REQUIRED", "lot"):
        await adjust(database, london, quantity=5)
    async with refused(database, "LOTS_NOT_TRACKED", "lot"):
        await adjust(database, london, sku="PLATE", quantity=5, lot="L-1")
    await adjust(database, london, quantity=5, lot="L-2", expires_on=LATER, bin="B-2")
    # twenty days are fewer than the thirty that a buyer shall have
    level = await adjust(database, london, quantity=3, lot="L-1", expires_on=SOON)
    assert (level.on_hand, level.quarantined) == (18, 3)
    assert await held(london) == {("A-1", ""): (10, 0, 0), ("B-2", "L-2"): (5, 0, 0), ("A-1", "L-1"): (3, 0, 3)}
    before = await contents(database)
    with pytest.raises(InvalidValue, match="expires on"):
        await adjust(database, london, quantity=1, lot="L-2", expires_on=SOON)
    with pytest.raises(InvalidValue):
        await adjust(database, london, quantity=1, lot="x" * 65)
    assert await contents(database) == before
    async with refused(database, "UNKNOWN_LOT", "lot"):
        await adjust(database, london, quantity=-1, lot="L-9")
    await adjust(database, london, counted=4, lot="L-2")
    # what nobody says more of is taken where it expires first
    await adjust(database, london, quantity=-5)
    assert await held(london) == {("A-1", ""): (9, 0, 0), ("A-1", "L-1"): (3, 0, 3)}
    async with refused(database, "HAS_LOTS", "sku"):
        await run(database, track_lots, TrackLots("MUG", is_tracked=False))
    assert await contradictions(database) == []


async def test_units_that_were_there_before_can_be_given_a_lot(database: Database, london: Location) -> None:
    await track(database)
    data = AssignLot("MUG", london.id, 10, "A-1", "L-1", "read from the box", SOON)
    level = await run(database, assign_lot, data)
    assert (level.on_hand, level.quarantined, await held(london)) == (10, 0, {("A-1", "L-1"): (10, 0, 0)})
    async with refused(database, "INSUFFICIENT_STOCK", "quantity"):
        await run(database, assign_lot, data)
    async with refused(database, "LOT_REQUIRED", "lot"):
        await run(database, assign_lot, AssignLot("MUG", london.id, 1, "A-1", "", "read from the box"))
    assert await contradictions(database) == []


async def test_damage_is_of_a_lot_in_a_bin(database: Database, london: Location) -> None:
    await track(database)
    for lot, units in (("L-1", 4), ("L-2", 4)):
        await adjust(database, london, quantity=units, lot=lot, expires_on=LATER, bin="B-2")
    broken = ReclassifyStock("MUG", london.id, 3, StockCondition.SELLABLE, StockCondition.DAMAGED, "dropped", lot="L-2")
    level = await run(database, reclassify_stock, broken)
    assert (level.damaged, (await held(london))["B-2", "L-2"]) == (3, (4, 3, 0))
    async with refused(database, "INSUFFICIENT_STOCK"):
        await run(database, reclassify_stock, broken)
    mended = ReclassifyStock(
        "MUG", london.id, 3, StockCondition.DAMAGED, StockCondition.SELLABLE, "glued", bin="B-2", lot="L-2"
    )
    await run(database, reclassify_stock, mended)
    assert (await held(london))["B-2", "L-2"] == (4, 0, 0)
    assert await contradictions(database) == []


async def test_goods_are_received_by_lot_and_bin_and_lots_travel_and_come_back(
    database: Database, london: Location
) -> None:
    await track(database)
    leeds = await make_location(database, "leeds", priority=200)
    coming = AnnounceInbound(london.id, (InboundPart("MUG", 9), InboundPart("PLATE", 5)), supplier="Potters")
    inbound = await run(database, announce_inbound, coming)
    parts = (
        InboundPart("MUG", 4, "B-1", "L-1", SOON),
        InboundPart("MUG", 5, "B-2", "L-2", LATER),
        InboundPart("PLATE", 5, "B-1"),
    )
    async with refused(database, "LOT_REQUIRED", "lines.0.lot"):
        await run(database, receive_inbound, ReceiveInbound(inbound.id, (InboundPart("MUG", 9),)))
    received = await run(database, receive_inbound, ReceiveInbound(inbound.id, parts))
    assert received.status == "closed"
    assert await held(london) == {("A-1", ""): (10, 0, 0), ("B-1", "L-1"): (4, 0, 0), ("B-2", "L-2"): (5, 0, 0)}
    assert await held(london, "PLATE") == {("A-1", ""): (10, 0, 0), ("B-1", ""): (5, 0, 0)}
    lot = await Lot.get(code="L-1")
    assert (lot.inbound_id, lot.expires_on, lot.status) == (inbound.id, SOON, "released")

    transfer = AnnounceInbound(leeds.id, (InboundPart("MUG", 3, lot="L-2"),), from_location_id=london.id)
    sent = await run(database, announce_inbound, transfer)
    assert (await held(london))["B-2", "L-2"] == (2, 0, 0)
    async with refused(database, "INSUFFICIENT_STOCK"):
        await run(database, announce_inbound, transfer)
    await run(database, cancel_inbound, CancelInbound(sent.id, "the van broke down"))
    assert (await held(london))["B-2", "L-2"] == (5, 0, 0)
    before = await contents(database)
    named = AnnounceInbound(london.id, (InboundPart("MUG", 1, lot="L-1"),), supplier="Potters")
    with pytest.raises(InvalidValue):
        await run(database, announce_inbound, named)
    assert await contents(database) == before
    assert await contradictions(database) == []


async def test_an_expiry_without_a_lot_is_none(database: Database, london: Location) -> None:
    before = await contents(database)
    with pytest.raises(InvalidValue):
        await adjust(database, london, quantity=1, expires_on=date(2030, 1, 1))
    with pytest.raises(InvalidValue):
        await track(database, days=-1)
    assert await contents(database) == before
    async with refused(database, "UNKNOWN_SKU", "sku"):
        await run(database, track_lots, TrackLots("CUP"))
    await track(database)
    await run(database, track_lots, TrackLots("MUG", is_tracked=False))
    await adjust(database, london, quantity=1)
