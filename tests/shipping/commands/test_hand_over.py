import asyncio
from collections.abc import Awaitable, Callable

import orjson
import pytest

from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, ParcelItem
from packhouse.inventory.models import Allocation, StockLevel
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.models import Order, OrderLine
from packhouse.orders.states import HoldReason
from packhouse.sdk import Providers, new_id
from packhouse.sdk.states import IllegalTransition
from packhouse.shipping.commands.buy_label import BuyLabel, buy_label
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.shipping.models import Shipment
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.partners import TestCarrier
from packhouse.testing.proofs import contents, contradictions, refused

Drafted = Callable[..., Awaitable[Shipment]]


async def test_goods_claims_and_stock_leave_together(database: Database, by: Initiator, drafted: Drafted) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 3})
    other = await make_order(database, {"MUG": 2})
    shipment = await drafted(order, tracking_number="OWN-1")

    gone = await database.write(by, lambda uow: hand_over(uow, HandOver(shipment.id)))

    assert (gone.status, gone.tracking_number, gone.carrier) == ("handed_over", "OWN-1", "test")
    assert gone.handed_over_at is not None
    assert gone.next_poll_at is not None
    line = await OrderLine.get(order_id=order.id)
    assert (line.shipped, line.allocated) == (3, 0)
    level = await StockLevel.get(variant__sku="MUG")
    assert (level.on_hand, level.allocated) == (7, 2)
    work = await FulfillmentOrder.get(order_id=order.id)
    assert (work.status, work.closed_at) == ("closed", gone.handed_over_at)
    claims = {claim.order_line_id: claim.status for claim in await Allocation.all()}
    assert claims == {line.id: "shipped", (await OrderLine.get(order_id=other.id)).id: "allocated"}
    assert (await Order.get(id=order.id)).updated_at > order.updated_at
    (event,) = await database.fetch("SELECT payload FROM event WHERE type = 'shipment_dispatched'")
    payload = orjson.loads(event["payload"])
    assert payload["lines"] == [{"order_line_id": str(line.id), "sku": "MUG", "quantity": 3}]
    assert (payload["tracking_number"], payload["fulfillment_order_status"]) == ("OWN-1", "closed")
    assert await contradictions(database) == []


async def test_shipping_in_parts_closes_the_work_with_the_last_one(
    database: Database, by: Initiator, drafted: Drafted
) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 3, "PLATE": 1})
    first = await drafted(order, {"MUG": 2}, tracking_number="OWN-1")
    await database.write(by, lambda uow: hand_over(uow, HandOver(first.id)))

    assert (await FulfillmentOrder.get(order_id=order.id)).status == "in_progress"
    mugs = await FulfillmentOrderLine.get(sku="MUG")
    claims = await Allocation.filter(fulfillment_order_line_id=mugs.id).order_by("quantity")
    assert [(claim.status, claim.quantity) for claim in claims] == [("allocated", 1), ("shipped", 2)]
    assert await contradictions(database) == []

    second = await drafted(order, tracking_number="OWN-2")
    await database.write(by, lambda uow: hand_over(uow, HandOver(second.id)))
    assert (await FulfillmentOrder.get(order_id=order.id)).status == "closed"
    assert {line.shipped for line in await OrderLine.filter(order_id=order.id)} == {3, 1}
    assert await contradictions(database) == []


async def test_a_shipment_leaves_once(database: Database, by: Initiator, drafted: Drafted) -> None:
    await make_shop(database)
    shipment = await drafted(await make_order(database, {"MUG": 1}), tracking_number="OWN-1")
    data = HandOver(shipment.id)

    results = await asyncio.gather(
        *(database.write(by, lambda uow: hand_over(uow, data)) for _ in range(4)), return_exceptions=True
    )

    assert sum(isinstance(result, Shipment) for result in results) == 1
    assert sum(isinstance(result, IllegalTransition) for result in results) == 3
    before = await contents(database)
    with pytest.raises(IllegalTransition):
        await database.write(by, lambda uow: hand_over(uow, data))
    assert await contents(database) == before
    assert (await StockLevel.get(variant__sku="MUG")).on_hand == 9


async def test_a_bought_label_is_enough(database: Database, by: Initiator, drafted: Drafted) -> None:
    await make_shop(database)
    shipment = await drafted(await make_order(database, {"MUG": 1}))
    await buy_label(database, Providers(carriers={"test": TestCarrier()}), by, BuyLabel(shipment.id))

    async with refused(database, "LABEL_NAMES_CARRIER"):
        await database.write(by, lambda uow: hand_over(uow, HandOver(shipment.id, tracking_number="OTHER")))
    gone = await database.write(by, lambda uow: hand_over(uow, HandOver(shipment.id)))
    assert (gone.status, gone.tracking_number) == ("handed_over", "T000000001")


async def test_what_may_not_leave_stays(database: Database, by: Initiator, drafted: Drafted) -> None:
    await make_shop(database)
    shipment = await drafted(await make_order(database, {"MUG": 1}))
    async with refused(database, "NO_TRACKING_NUMBER", "trackingNumber"):
        await database.write(by, lambda uow: hand_over(uow, HandOver(shipment.id)))
    async with refused(database, "NOT_FOUND", "shipmentId"):
        await database.write(by, lambda uow: hand_over(uow, HandOver(new_id())))
    data = HandOver(shipment.id, tracking_number="OWN-1")
    await database.write(by, lambda uow: hold(uow, HoldOrder(shipment.order_id, HoldReason.FRAUD)))
    async with refused(database, "ON_HOLD"):
        await database.write(by, lambda uow: hand_over(uow, data))
    await database.write(by, lambda uow: uow.execute("DELETE FROM hold"))
    await ParcelItem.filter(parcel_id=shipment.parcel_id).delete()
    async with refused(database, "NOT_PACKED"):
        await database.write(by, lambda uow: hand_over(uow, data))
