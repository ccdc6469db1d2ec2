from collections.abc import Awaitable, Callable

import pytest

from packhouse.fulfillment.commands.confirm_pick import ConfirmPick, confirm_pick
from packhouse.fulfillment.commands.pack import PackItem, PackParcel, pack
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Parcel, Pick
from packhouse.orders.models import Order
from packhouse.shipping.commands.create_shipment import CreateShipment, create_shipment
from packhouse.shipping.models import Shipment
from packhouse.storage import Database, Initiator

Packed = Callable[..., Awaitable[Parcel]]
Drafted = Callable[..., Awaitable[Shipment]]


@pytest.fixture
def packed(database: Database, by: Initiator) -> Packed:
    """Packs units of an order by SKU into a parcel (all units by default), picking everything the first time."""

    async def make(order: Order, units: dict[str, int] | None = None) -> Parcel:
        work = await FulfillmentOrder.get(order_id=order.id)
        if work.status == "open":
            pick_list = await database.write(by, lambda uow: start_picking(uow, StartPicking((work.id,))))
            for pick in await Pick.filter(pick_list_id=pick_list.id):
                await _confirm(database, by, ConfirmPick(pick.id, pick.sku, pick.quantity))
        lines = {line.sku: line.id for line in await FulfillmentOrderLine.filter(fulfillment_order_id=work.id)}
        items = tuple(PackItem(lines[sku], quantity) for sku, quantity in (units or {}).items())
        return await database.write(by, lambda uow: pack(uow, PackParcel(work.id, items)))

    return make


@pytest.fixture
def drafted(database: Database, by: Initiator, packed: Packed) -> Drafted:
    """Packs units of an order and makes a draft of a shipment; with a tracking number it can be handed over."""

    async def make(order: Order, units: dict[str, int] | None = None, *, tracking_number: str = "") -> Shipment:
        parcel = await packed(order, units)
        data = CreateShipment(parcel.id, "test", "standard", tracking_number)
        return await database.write(by, lambda uow: create_shipment(uow, data))

    return make


async def _confirm(database: Database, by: Initiator, data: ConfirmPick) -> None:
    await database.write(by, lambda uow: confirm_pick(uow, data))
