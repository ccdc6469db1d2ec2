import pytest

from packhouse.fulfillment.commands.confirm_pick import ConfirmPick, confirm_pick
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Pick, PickList
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.models import Order
from packhouse.orders.states import HoldReason
from packhouse.sdk import InvalidValue, new_id
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.proofs import refused


async def _started(database: Database, by: Initiator) -> tuple[Order, Pick, Pick]:
    """An order of two mugs and a plate that is being picked, with its picks."""
    await make_shop(database)
    order = await make_order(database, {"MUG": 2, "PLATE": 1})
    work = await FulfillmentOrder.get(order_id=order.id)
    pick_list = await database.write(by, lambda uow: start_picking(uow, StartPicking((work.id,))))
    return (
        order,
        await Pick.get(pick_list_id=pick_list.id, sku="MUG"),
        await Pick.get(pick_list_id=pick_list.id, sku="PLATE"),
    )


async def test_a_scan_counts_and_the_last_one_completes_the_list(database: Database, by: Initiator) -> None:
    _, mugs, plate = await _started(database, by)

    first = await database.write(by, lambda uow: confirm_pick(uow, ConfirmPick(mugs.id, "BAR-MUG")))
    assert first.status == "in_progress"
    assert (await Pick.get(id=mugs.id)).picked == 1
    assert (await FulfillmentOrderLine.get(id=mugs.fulfillment_order_line_id)).picked == 1

    await database.write(by, lambda uow: confirm_pick(uow, ConfirmPick(mugs.id, "MUG")))
    last = await database.write(by, lambda uow: confirm_pick(uow, ConfirmPick(plate.id, "PLATE")))
    assert (last.status, last.completed_at is not None) == ("completed", True)
    assert (await PickList.get(id=last.id)).status == "completed"


async def test_one_scan_may_complete_the_list(database: Database, by: Initiator) -> None:
    await make_shop(database)
    work = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 1})).id)
    pick_list = await database.write(by, lambda uow: start_picking(uow, StartPicking((work.id,))))
    pick = await Pick.get(pick_list_id=pick_list.id)

    done = await database.write(by, lambda uow: confirm_pick(uow, ConfirmPick(pick.id, "MUG")))

    assert done.status == "completed"
    async with refused(database, "PICK_LIST_ENDED"):
        await database.write(by, lambda uow: confirm_pick(uow, ConfirmPick(pick.id, "MUG")))


@pytest.mark.parametrize(
    ("code", "quantity", "refusal", "field"),
    [("PLATE", 1, "WRONG_ITEM", "code"), ("", 1, "WRONG_ITEM", "code"), ("MUG", 3, "TOO_MANY", "quantity")],
)
async def test_a_wrong_scan_changes_nothing(
    database: Database, by: Initiator, code: str, quantity: int, refusal: str, field: str
) -> None:
    _, mugs, _ = await _started(database, by)
    async with refused(database, refusal, field):
        await database.write(by, lambda uow: confirm_pick(uow, ConfirmPick(mugs.id, code, quantity)))


async def test_a_held_order_is_not_picked_further(database: Database, by: Initiator) -> None:
    order, mugs, _ = await _started(database, by)
    await database.write(by, lambda uow: hold(uow, HoldOrder(order.id, HoldReason.ADDRESS)))
    async with refused(database, "ON_HOLD"):
        await database.write(by, lambda uow: confirm_pick(uow, ConfirmPick(mugs.id, "MUG")))
    async with refused(database, "NOT_FOUND", "pickId"):
        await database.write(by, lambda uow: confirm_pick(uow, ConfirmPick(new_id(), "MUG")))


async def test_no_units_cannot_be_picked(database: Database, by: Initiator) -> None:
    _, mugs, _ = await _started(database, by)
    with pytest.raises(InvalidValue):
        await database.write(by, lambda uow: confirm_pick(uow, ConfirmPick(mugs.id, "MUG", 0)))
