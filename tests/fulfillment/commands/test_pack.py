from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import pytest

from packhouse.catalog.models import Variant
from packhouse.fulfillment.commands.pack import PackItem, PackParcel, pack
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, ParcelItem
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.states import HoldReason
from packhouse.sdk import Dimensions, InvalidValue, new_id
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.proofs import refused

PickUnits = Callable[[UUID, dict[str, int]], Awaitable[UUID]]


async def _work(database: Database) -> tuple[FulfillmentOrder, dict[str, UUID]]:
    """Work for two mugs and a plate, and its lines by SKU."""
    await make_shop(database)
    order = await make_order(database, {"MUG": 2, "PLATE": 1})
    work = await FulfillmentOrder.get(order_id=order.id)
    lines = await FulfillmentOrderLine.filter(fulfillment_order_id=work.id)
    return work, {line.sku: line.id for line in lines}


async def test_packing_everything_finishes_the_work(database: Database, by: Initiator, pick_units: PickUnits) -> None:
    work, _ = await _work(database)
    await pick_units(work.id, {"MUG": 2, "PLATE": 1})

    parcel = await database.write(by, lambda uow: pack(uow, PackParcel(work.id)))

    assert parcel.weight_grams == 3 * 300
    assert sorted(item.quantity for item in await ParcelItem.filter(parcel_id=parcel.id)) == [1, 2]
    packed = await FulfillmentOrder.get(id=work.id)
    assert (packed.status, packed.packed_at is not None) == ("packed", True)
    assert len(await database.fetch("SELECT id FROM event WHERE type = 'fulfillment_packed'")) == 1


async def test_two_parcels_make_one_work(database: Database, by: Initiator, pick_units: PickUnits) -> None:
    work, lines = await _work(database)
    await pick_units(work.id, {"MUG": 2, "PLATE": 1})
    data = PackParcel(work.id, (PackItem(lines["MUG"], 1),), weight_grams=450, dimensions=Dimensions(200, 100, 50))

    parcel = await database.write(by, lambda uow: pack(uow, data))

    assert (parcel.weight_grams, parcel.length_mm, parcel.width_mm, parcel.height_mm) == (450, 200, 100, 50)
    assert (await FulfillmentOrder.get(id=work.id)).status == "in_progress"
    await database.write(by, lambda uow: pack(uow, PackParcel(work.id)))
    assert (await FulfillmentOrder.get(id=work.id)).status == "packed"


async def test_only_what_was_picked_is_packed(database: Database, by: Initiator, pick_units: PickUnits) -> None:
    work, lines = await _work(database)
    async with refused(database, "NOT_IN_PROGRESS"):
        await database.write(by, lambda uow: pack(uow, PackParcel(work.id)))
    await pick_units(work.id, {"MUG": 1})
    async with refused(database, "NOT_PICKED", "items.1.quantity"):
        items = (PackItem(lines["MUG"], 1), PackItem(lines["MUG"], 1))
        await database.write(by, lambda uow: pack(uow, PackParcel(work.id, items)))
    async with refused(database, "NOT_FOUND", "items.0.fulfillmentOrderLineId"):
        await database.write(by, lambda uow: pack(uow, PackParcel(work.id, (PackItem(new_id(), 1),))))
    await database.write(by, lambda uow: pack(uow, PackParcel(work.id)))
    async with refused(database, "NOTHING_TO_PACK"):
        await database.write(by, lambda uow: pack(uow, PackParcel(work.id)))


async def test_a_parcel_needs_a_weight_and_an_order_that_nothing_holds(
    database: Database, by: Initiator, pick_units: PickUnits
) -> None:
    work, lines = await _work(database)
    await pick_units(work.id, {"MUG": 2})
    await Variant.filter(sku="MUG").update(weight_grams=None)
    async with refused(database, "WEIGHT_UNKNOWN", "weightGrams"):
        await database.write(by, lambda uow: pack(uow, PackParcel(work.id)))
    for wrong in (
        PackParcel(work.id, weight_grams=0),
        PackParcel(work.id, dimensions=Dimensions(0, 1, 1)),
        PackParcel(work.id, (PackItem(lines["MUG"], 0),)),
    ):
        with pytest.raises(InvalidValue):
            await database.write(by, partial(pack, data=wrong))
    await database.write(by, lambda uow: hold(uow, HoldOrder(work.order_id, HoldReason.FRAUD)))
    async with refused(database, "ON_HOLD"):
        await database.write(by, lambda uow: pack(uow, PackParcel(work.id, weight_grams=600)))
