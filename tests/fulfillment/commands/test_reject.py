from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import orjson
import pytest

from packhouse.fulfillment.commands.pack import PackItem, PackParcel, pack
from packhouse.fulfillment.commands.reject import RejectFulfillment, reject_fulfillment
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, PickList
from packhouse.fulfillment.states import RejectionReason
from packhouse.inventory.models import Allocation, StockLevel
from packhouse.ordering.commands.reroute import Reroute, reroute
from packhouse.orders.models import OrderLine
from packhouse.sdk import new_id
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_location, make_order, make_shop, make_stock
from packhouse.testing.proofs import contradictions, refused

PickUnits = Callable[[UUID, dict[str, int]], Awaitable[UUID]]


async def _stock(sku: str) -> tuple[int, int, int]:
    """(on hand, allocated, damaged) at the one location that has it."""
    level = await StockLevel.get(variant__sku=sku)
    return level.on_hand, level.allocated, level.damaged


async def _payload(database: Database) -> dict[str, Any]:
    (row,) = await database.fetch("SELECT payload FROM event WHERE type = 'fulfillment_failed'")
    payload: dict[str, Any] = orjson.loads(row["payload"])
    return payload


@pytest.mark.parametrize(
    ("reason", "stock", "counts"),
    [
        (RejectionReason.NOT_IN_STOCK, (3, 3, 0), True),
        (RejectionReason.DAMAGED, (10, 3, 4), False),
        (RejectionReason.MISMATCH, (10, 3, 0), True),
        (RejectionReason.OTHER, (10, 3, 0), False),
    ],
)
async def test_a_rejection_sets_the_stock_right_and_leaves_other_claims_alone(
    database: Database, by: Initiator, reason: RejectionReason, stock: tuple[int, int, int], counts: bool
) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 4})
    await make_order(database, {"MUG": 3})
    work = await FulfillmentOrder.get(order_id=order.id)

    data = RejectFulfillment(work.id, reason, "the shelf says so")
    rejected = await database.write(by, lambda uow: reject_fulfillment(uow, data))

    assert (rejected.status, rejected.reason) == ("cancelled", "the shelf says so")
    assert await _stock("MUG") == stock
    assert (await OrderLine.get(order_id=order.id)).allocated == 0
    payload = await _payload(database)
    assert payload["reason"] == reason.value
    assert payload["count_requested"] is counts
    assert [(line["sku"], line["quantity"]) for line in payload["lines"]] == [("MUG", 4)]
    assert await contradictions(database) == []


async def test_what_is_packed_stays_and_what_was_found_is_not_missing(
    database: Database, by: Initiator, pick_units: PickUnits
) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 5, "PLATE": 2})
    work = await FulfillmentOrder.get(order_id=order.id)
    mugs = await FulfillmentOrderLine.get(fulfillment_order_id=work.id, sku="MUG")
    list_id = await pick_units(work.id, {"MUG": 3})
    await database.write(by, lambda uow: pack(uow, PackParcel(work.id, (PackItem(mugs.id, 2),))))

    data = RejectFulfillment(work.id, RejectionReason.NOT_IN_STOCK, line_ids=(mugs.id,))
    rejected = await database.write(by, lambda uow: reject_fulfillment(uow, data))

    assert rejected.status == "incomplete"
    # two in the parcel stay claimed, the third was in the picker's hand
    assert await _stock("MUG") == (3, 2, 0)
    assert await _stock("PLATE") == (10, 0, 0)
    mugs = await FulfillmentOrderLine.get(id=mugs.id)
    assert (mugs.packed, mugs.cancelled) == (2, 3)
    claims = await Allocation.filter(fulfillment_order_line_id=mugs.id).order_by("quantity")
    assert [(claim.status, claim.quantity) for claim in claims] == [("allocated", 2), ("released", 3)]
    assert (await PickList.get(id=list_id)).status == "completed"
    assert await contradictions(database) == []


async def test_a_list_of_which_nothing_was_picked_is_cancelled(
    database: Database, by: Initiator, pick_units: PickUnits
) -> None:
    await make_shop(database)
    work = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 1})).id)
    list_id = await pick_units(work.id, {})

    await database.write(by, lambda uow: reject_fulfillment(uow, RejectFulfillment(work.id, RejectionReason.OTHER)))

    assert (await PickList.get(id=list_id)).status == "cancelled"


async def test_the_units_are_routed_to_another_location(database: Database, by: Initiator) -> None:
    first = await make_shop(database)
    second = await make_location(database, "leeds", priority=200)
    await make_stock(database, "MUG", second, 10)
    order = await make_order(database, {"MUG": 4})
    work = await FulfillmentOrder.get(order_id=order.id)
    assert work.location_id == first.id

    data = RejectFulfillment(work.id, RejectionReason.MISMATCH)
    await database.write(by, lambda uow: reject_fulfillment(uow, data))
    await database.write(by, lambda uow: reroute(uow, Reroute(order.id)))

    again = await FulfillmentOrder.get(order_id=order.id, status="open")
    assert again.location_id == second.id
    assert (await OrderLine.get(order_id=order.id)).allocated == 4
    assert await contradictions(database) == []


async def test_packed_and_given_away_work_is_not_rejected(
    database: Database, by: Initiator, pick_units: PickUnits
) -> None:
    await make_shop(database)
    work = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 1})).id)
    data = RejectFulfillment(work.id, RejectionReason.OTHER, line_ids=(new_id(),))
    async with refused(database, "NOT_FOUND", "fulfillmentOrderLineIds.0"):
        await database.write(by, lambda uow: reject_fulfillment(uow, data))
    await FulfillmentOrder.filter(id=work.id).update(request_status="submitted", network="test-3pl")
    async with refused(database, "GIVEN_TO_NETWORK"):
        await database.write(by, lambda uow: reject_fulfillment(uow, data))
    await FulfillmentOrder.filter(id=work.id).update(request_status="unsubmitted", network="")
    await pick_units(work.id, {"MUG": 1})
    await database.write(by, lambda uow: pack(uow, PackParcel(work.id)))
    async with refused(database, "NOT_REJECTABLE"):
        await database.write(by, lambda uow: reject_fulfillment(uow, data))
