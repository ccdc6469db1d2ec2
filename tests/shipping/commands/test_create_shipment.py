from collections.abc import Awaitable, Callable

from packhouse.fulfillment.models import FulfillmentOrder, Parcel, ParcelItem
from packhouse.sdk import Providers, new_id, now
from packhouse.shipping.commands.create_shipment import CreateShipment, create_shipment
from packhouse.shipping.commands.void_label import VoidLabel, void_label
from packhouse.shipping.models import ShipmentLine
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.proofs import refused

Packed = Callable[..., Awaitable[Parcel]]


async def test_a_draft_names_the_units_of_its_parcel(database: Database, by: Initiator, packed: Packed) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 2, "PLATE": 1})
    parcel = await packed(order, {"MUG": 2})

    data = CreateShipment(parcel.id, "test", "express")
    shipment = await database.write(by, lambda uow: create_shipment(uow, data))

    assert (shipment.status, shipment.tracking_status) == ("draft", "pending")
    assert (shipment.order_id, shipment.carrier, shipment.service) == (order.id, "test", "express")
    (line,) = await ShipmentLine.filter(shipment_id=shipment.id).prefetch_related("order_line")
    assert (line.order_line.sku, line.quantity) == ("MUG", 2)


async def test_a_parcel_travels_once(database: Database, by: Initiator, packed: Packed) -> None:
    await make_shop(database)
    parcel = await packed(await make_order(database, {"MUG": 1}))
    data = CreateShipment(parcel.id)
    first = await database.write(by, lambda uow: create_shipment(uow, data))

    async with refused(database, "ALREADY_IN_SHIPMENT", "parcelId"):
        await database.write(by, lambda uow: create_shipment(uow, data))

    await void_label(database, Providers(), by, VoidLabel(first.id))
    second = await database.write(by, lambda uow: create_shipment(uow, data))
    assert second.id != first.id


async def test_an_unknown_and_an_empty_parcel_are_refused(database: Database, by: Initiator) -> None:
    await make_shop(database)
    work = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 1})).id)
    empty = Parcel(fulfillment_order_id=work.id, weight_grams=10, packed_at=now())

    async with refused(database, "NOT_FOUND", "parcelId"):
        await database.write(by, lambda uow: create_shipment(uow, CreateShipment(new_id())))
    await database.write(by, lambda _: empty.save())
    assert not await ParcelItem.exists(parcel_id=empty.id)
    async with refused(database, "NOT_PACKED", "parcelId"):
        await database.write(by, lambda uow: create_shipment(uow, CreateShipment(empty.id)))
