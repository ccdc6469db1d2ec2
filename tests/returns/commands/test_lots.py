"""What comes back is of the lot that it left with, where that is known."""

from typing import Any

from tests.returns.conftest import POLICY

from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.set_lot_status import SetLotStatus, set_lot_status
from packhouse.inventory.commands.track_lots import TrackLots, track_lots
from packhouse.inventory.models import Location, StockHolding
from packhouse.inventory.states import LotStatus
from packhouse.orders.models import Order, OrderLine
from packhouse.returns.commands.approve_return import ApproveReturn, approve_return
from packhouse.returns.commands.inspect_return import InspectedUnits, InspectReturn, inspect_return
from packhouse.returns.commands.receive_return import ReceivedUnits, ReceiveReturn, receive_return
from packhouse.returns.commands.request_return import LineToReturn, RequestReturn, request_return
from packhouse.returns.models import Return, ReturnLine
from packhouse.returns.states import Disposition, ReturnReason
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_delivered, make_order, make_variant
from packhouse.testing.proofs import contradictions, refused


async def run(database: Database, command: Any, *data: Any) -> Any:
    return await database.write(BY, lambda uow: command(uow, *data))


async def came_back(database: Database, order: Order, units: int) -> tuple[Return, ReturnLine]:
    await make_delivered(database, order)
    line = await OrderLine.get(order_id=order.id)
    asked = RequestReturn(order.id, (LineToReturn(line.id, units, ReturnReason.UNWANTED),))
    opened = await run(database, request_return, asked, POLICY)
    await run(database, approve_return, ApproveReturn(opened.id))
    coming = await ReturnLine.get(return_request_id=opened.id)
    await run(database, receive_return, ReceiveReturn(opened.id, (ReceivedUnits(coming.id, units),)))
    return opened, coming


async def held() -> dict[tuple[str, str], tuple[int, int]]:
    """(on hand, in quarantine) by bin and lot."""
    return {(row.bin, row.lot): (row.on_hand, row.quarantined) for row in await StockHolding.all()}


async def test_units_come_back_with_the_lot_that_they_left_with(database: Database, shop: Location) -> None:
    await make_variant(database, "TEA")
    await run(database, track_lots, TrackLots("TEA"))
    for lot in ("L-1", "L-2"):
        data = AdjustStock("TEA", shop.id, "came", 3, bin="T", lot=lot)
        await run(database, adjust_stock, data)
    first, second = [await make_order(database, {"TEA": units}) for units in (2, 3)]
    opened, line = await came_back(database, first, 2)
    seen = InspectReturn(opened.id, (InspectedUnits(line.id, shop.id, 1, Disposition.RESTOCK),))
    await run(database, inspect_return, seen, POLICY)
    assert await held() == {("T", "L-1"): (2, 0), ("T", "L-2"): (3, 0)}
    # the second one was sent two of the first lot, and one of the other
    other, its_line = await came_back(database, second, 2)
    await run(database, set_lot_status, SetLotStatus("TEA", "L-1", LotStatus.QUARANTINED, "a smell"))

    def inspect(lot: str, disposition: Disposition = Disposition.RESTOCK) -> InspectReturn:
        return InspectReturn(other.id, (InspectedUnits(its_line.id, shop.id, 1, disposition, lot=lot),))

    async with refused(database, "LOT_REQUIRED", "units"):
        await run(database, inspect_return, inspect(""), POLICY)
    async with refused(database, "UNKNOWN_LOT", "units"):
        await run(database, inspect_return, inspect("L-9"), POLICY)
    await run(database, inspect_return, inspect("L-1"), POLICY)
    await run(database, inspect_return, inspect("", Disposition.QUARANTINE), POLICY)
    # nobody knows the lot of the last one, and the lot of the other is in quarantine
    assert await held() == {("T", "L-1"): (1, 1), ("T", "L-2"): (2, 0), ("T", ""): (1, 1)}
    assert await contradictions(database) == []
