"""What may not be sold any more leaves stock and work: recalled, in quarantine, or expired."""

from datetime import timedelta
from typing import Any

import pytest
from strawberry.relay import to_base64

from packhouse.events.models import EventRow
from packhouse.fulfillment.commands.confirm_pick import ConfirmPick, confirm_pick
from packhouse.fulfillment.commands.pack import PackParcel, pack
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.commands.withdraw_lots import withdraw_lots
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Parcel, Pick, PickList
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.set_lot_status import SetLotStatus, set_lot_status
from packhouse.inventory.commands.track_lots import TrackLots, track_lots
from packhouse.inventory.models import HoldingClaim, Location, Lot, Reservation, StockHolding, StockLevel
from packhouse.inventory.states import LotStatus
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.reserve import ReserveStock, reserve
from packhouse.orders.models import Order
from packhouse.sdk import InvalidValue, now
from packhouse.sdk.states import IllegalTransition
from packhouse.shipping.commands.create_shipment import CreateShipment, create_shipment
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.shipping.commands.unpack import UnpackParcel, unpack
from packhouse.shipping.models import Shipment
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_order, make_shipped, make_variant
from packhouse.testing.graphql import Execute
from packhouse.testing.proofs import contents, contradictions, refused

TODAY = now().date()


async def run(database: Database, command: Any, data: Any) -> Any:
    return await database.write(BY, lambda uow: command(uow, data))


@pytest.fixture
async def london(database: Database) -> Location:
    """Tea of two lots, five units each; L-1 expires first."""
    location = await make_location(database)
    await make_variant(database, "TEA")
    await run(database, track_lots, TrackLots("TEA"))
    for lot, bin_, days in (("L-1", "A", 30), ("L-2", "B", 90)):
        data = AdjustStock("TEA", location.id, "came", 5, bin=bin_, lot=lot, expires_on=TODAY + timedelta(days=days))
        await run(database, adjust_stock, data)
    return location


async def recall(database: Database, code: str = "L-1", to: LotStatus = LotStatus.RECALLED) -> Lot:
    return await run(database, set_lot_status, SetLotStatus("TEA", code, to, "a torn seal"))


async def begin(database: Database, order: Order) -> list[Pick]:
    work = await FulfillmentOrder.get(order_id=order.id)
    pick_list = await run(database, start_picking, StartPicking((work.id,)))
    return await Pick.filter(pick_list_id=pick_list.id).order_by("position")


async def apart() -> dict[str, tuple[int, int]]:
    """(on hand, in quarantine) by lot."""
    return {row.lot: (row.on_hand, row.quarantined) for row in await StockHolding.all()}


@pytest.mark.usefixtures("london")
async def test_a_recall_takes_what_is_left_out_of_stock_at_once_and_tells(database: Database) -> None:
    await make_order(database, {"TEA": 2})
    lot = await recall(database)
    assert (lot.status, lot.reason, lot.recalled_at is not None) == ("recalled", "a torn seal", True)
    # eight were free: all of the lot
    assert await apart() == {"L-1": (5, 5), "L-2": (5, 0)}
    event = await EventRow.get(type="lot_recalled")
    assert event.payload == {
        "lot_id": str(lot.id),
        "sku": "TEA",
        "lot": "L-1",
        "expires_on": (TODAY + timedelta(days=30)).isoformat(),
    }
    assert await withdraw_lots(database, BY) == 0
    assert await contradictions(database) == []
    before = await contents(database)
    with pytest.raises(IllegalTransition):
        await recall(database)
    with pytest.raises(InvalidValue):
        await run(database, set_lot_status, SetLotStatus("TEA", "L-2", LotStatus.RECALLED, " "))
    assert await contents(database) == before
    async with refused(database, "UNKNOWN_LOT", "code"):
        await recall(database, "L-9")


@pytest.mark.usefixtures("london")
async def test_picks_of_a_recalled_lot_are_put_back_and_others_are_asked_for(database: Database) -> None:
    order = await make_order(database, {"TEA": 3})
    [pick] = await begin(database, order)
    await run(database, confirm_pick, ConfirmPick(pick.id, "TEA", 3, "L-1"))
    assert (await PickList.get()).status == "completed"
    await recall(database)
    # three are in the picker's hands
    assert await apart() == {"L-1": (5, 2), "L-2": (5, 0)}
    assert await withdraw_lots(database, BY) == 1
    assert await apart() == {"L-1": (5, 5), "L-2": (5, 0)}
    assert [(each.lot, each.quantity, each.picked) for each in await Pick.all()] == [("L-2", 3, 0)]
    assert (await FulfillmentOrderLine.get(fulfillment_order__order_id=order.id)).picked == 0
    assert sorted([row.status for row in await PickList.all()]) == ["completed", "open"]
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_claims_that_the_rest_cannot_cover_are_given_up_the_newest_first(database: Database) -> None:
    older = await make_order(database, {"TEA": 4})
    newer = await make_order(database, {"TEA": 4})
    held = await run(database, reserve, ReserveStock((BasketLine("TEA", 2),)))
    await recall(database)
    assert await apart() == {"L-1": (5, 0), "L-2": (5, 0)}
    assert await withdraw_lots(database, BY) == 1
    assert await apart() == {"L-1": (5, 5), "L-2": (5, 0)}
    assert (await Reservation.get(id=held.id)).status == "released"
    assert (await FulfillmentOrder.get(order_id=older.id)).status == "open"
    given_up = await FulfillmentOrder.get(order_id=newer.id)
    assert (given_up.status, given_up.reason) == ("cancelled", "its units are of a lot that may not be sold any more")
    assert await EventRow.filter(type="fulfillment_failed", order_id=newer.id).count() == 1
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_work_of_which_too_few_other_units_are_there_is_routed_again(database: Database) -> None:
    order = await make_order(database, {"TEA": 7})
    picks = await begin(database, order)
    assert [(pick.lot, pick.quantity) for pick in picks] == [("L-1", 5), ("L-2", 2)]
    await recall(database)
    await withdraw_lots(database, BY)
    assert (await FulfillmentOrder.get(order_id=order.id)).status == "cancelled"
    assert await HoldingClaim.all().count() == 0
    assert await apart() == {"L-1": (5, 5), "L-2": (5, 0)}
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_a_packed_parcel_does_not_leave_and_is_taken_apart(database: Database) -> None:
    order = await make_order(database, {"TEA": 2})
    [pick] = await begin(database, order)
    await run(database, confirm_pick, ConfirmPick(pick.id, "TEA", 2, "L-1"))
    work = await FulfillmentOrder.get(order_id=order.id)
    parcel = await run(database, pack, PackParcel(work.id))
    shipment = await run(database, create_shipment, CreateShipment(parcel.id, "test", tracking_number="T-1"))
    await recall(database)
    await withdraw_lots(database, BY)
    async with refused(database, "NOT_SELLABLE"):
        await run(database, hand_over, HandOver(shipment.id))
    async with refused(database, "IN_SHIPMENT", "parcelId"):
        await run(database, unpack, UnpackParcel(parcel.id))
    async with refused(database, "NOT_FOUND", "parcelId"):
        await run(database, unpack, UnpackParcel(order.id))
    await Shipment.filter(id=shipment.id).update(status="voided")
    await run(database, unpack, UnpackParcel(parcel.id))
    assert (await FulfillmentOrder.get(id=work.id)).status == "in_progress"
    assert await Parcel.filter(id=parcel.id, items__quantity__gt=0).count() == 0
    await withdraw_lots(database, BY)
    assert [(each.lot, each.quantity, each.picked) for each in await Pick.all()] == [("L-2", 2, 0)]
    assert await apart() == {"L-1": (5, 5), "L-2": (5, 0)}
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_what_expires_is_set_apart_by_the_job_and_a_lot_in_quarantine_can_be_released(database: Database) -> None:
    await Lot.filter(code="L-1").update(expires_on=TODAY - timedelta(days=1))
    assert await withdraw_lots(database, BY) == 1
    assert await apart() == {"L-1": (5, 5), "L-2": (5, 0)}
    await recall(database, "L-2", LotStatus.QUARANTINED)
    assert (await StockLevel.get()).quarantined == 10
    await recall(database, "L-2", LotStatus.RELEASED)
    assert await apart() == {"L-1": (5, 5), "L-2": (5, 0)}
    await recall(database, "L-1", LotStatus.QUARANTINED)
    # released from quarantine, it has expired still
    await recall(database, "L-1", LotStatus.RELEASED)
    assert await apart() == {"L-1": (5, 5), "L-2": (5, 0)}
    assert await contradictions(database) == []


RECIPIENTS = """
query ($lot: ID!, $after: String) {
  lotRecipients(lotId: $lot, first: 1, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { quantity shippedAt shipmentId order { number email } } }
  }
}
"""
RECALL = """
mutation ($sku: String!) {
  quarantineLot(input: {sku: $sku, code: "L-1", reason: "a smell"}) { lot { status reason } userErrors { code } }
  releaseLot(input: {sku: $sku, code: "L-1", reason: "all is well"}) { lot { status } userErrors { code } }
  recallLot(input: {sku: $sku, code: "L-1", reason: "a torn seal"}) { lot { status remaining { onHand quarantined } } userErrors { code } }
  again: recallLot(input: {sku: $sku, code: "L-1", reason: "a torn seal"}) { lot { code } userErrors { code } }
}
"""


@pytest.mark.usefixtures("london")
async def test_who_received_a_recalled_lot_is_named(database: Database, execute: Execute) -> None:
    orders = [await make_order(database, {"TEA": units}) for units in (2, 1, 4)]
    shipments = [(await make_shipped(database, order))[0] for order in orders]
    done = await execute(RECALL, {"sku": "TEA"})
    assert done["quarantineLot"]["lot"] == {"status": "QUARANTINED", "reason": "a smell"}
    assert done["releaseLot"]["lot"] == {"status": "RELEASED"}
    assert done["recallLot"]["lot"] == {"status": "RECALLED", "remaining": []}
    assert done["again"] == {"lot": None, "userErrors": [{"code": "ILLEGAL_STATE"}]}
    variables = {"lot": to_base64("Lot", (await Lot.get(code="L-1")).id)}
    received = []
    after: str | None = None
    while True:
        page = (await execute(RECIPIENTS, {**variables, "after": after}))["lotRecipients"]
        received += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert page["totalCount"] == 3
    assert [(each["quantity"], each["order"], each["shipmentId"]) for each in received] == [
        (units, {"number": order.number, "email": "buyer@example.com"}, to_base64("Shipment", shipment.id))
        for units, order, shipment in zip((2, 1, 2), orders, shipments, strict=True)
    ]
