from collections.abc import Mapping
from typing import Any

import pytest
from tortoise import Tortoise

from packhouse.catalog.models import Variant
from packhouse.channels.models import Channel
from packhouse.customers.commands.record_consent import RecordConsent, record_consent
from packhouse.demo.catalogue import CHANNEL, LOCATIONS, VARIANTS, order_plans
from packhouse.demo.removal import Removed, remove_demo
from packhouse.demo.setup import seed
from packhouse.events.models import EventRow
from packhouse.inventory.commands.create_count import CreateCount, create_count
from packhouse.inventory.commands.set_backorder_terms import SetBackorderTerms, set_backorder_terms
from packhouse.inventory.models import Backorder, Location, StockLevel, StockMovement
from packhouse.ordering.commands.place import place
from packhouse.ordering.data import PlaceLine, PlaceOrder, PlacePayment
from packhouse.orders.models import Order
from packhouse.sdk import ConsentPurpose, ConsentState, Money, Refused
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import (
    ADDRESS,
    make_delivered,
    make_location,
    make_order,
    make_shipped,
    make_shop,
    make_stock,
    make_variant,
)
from packhouse.testing.proofs import contradictions

Rows = Mapping[str, list[dict[str, Any]]]


async def everything(database: Database) -> Rows:
    """Every row of every table."""
    tables = [model._meta.db_table for model in Tortoise.apps["packhouse"].values()] if Tortoise.apps else []
    assert len(tables) > 30
    return {
        table: sorted((dict(row) for row in await database.fetch(f'SELECT * FROM "{table}"')), key=repr)
        for table in tables
    }


async def demo_order(database: Database, by: Initiator, skus: Mapping[str, int]) -> Order:
    data = PlaceOrder(
        channel=CHANNEL,
        currency="GBP",
        lines=tuple(PlaceLine(sku, units) for sku, units in skus.items()),
        email="demo.customer.1@example.com",
        customer_name="Demo Customer 1",
        customer_external_id="demo-customer-1",
        shipping_address=ADDRESS,
        payments=(PlacePayment("charge", Money.of("9.50", "GBP"), external_id="pay-1", provider="demo-pay"),),
        external_id="demo-1",
        is_demo=True,
    )
    return await Order.get(id=await database.write(by, lambda uow: place(uow, data, lambda _: [])))


async def consent(database: Database, by: Initiator, order: Order) -> None:
    assert order.customer_id is not None
    said = RecordConsent(order.customer_id, ConsentPurpose.REVIEWS, ConsentState.DENIED, "letter")
    await database.write(by, lambda uow: record_consent(uow, said))


async def count_teapots(database: Database, by: Initiator) -> None:
    level = await StockLevel.filter(variant__sku="DEMO-TEAPOT").first()
    assert level is not None
    data = CreateCount(level.location_id, "the demo counts, too", skus=("DEMO-TEAPOT",))
    await database.write(by, lambda uow: create_count(uow, data))


async def seed_demo(database: Database, by: Initiator) -> None:
    await database.write(by, lambda uow: seed(uow, order_plans(4)))


async def mark_orders(database: Database, by: Initiator, *, is_demo: bool) -> None:
    await database.write(by, lambda uow: uow.execute("UPDATE orders SET is_demo = $1", is_demo))


async def test_everything_of_the_demo_goes_and_nothing_else(database: Database, by: Initiator) -> None:
    await seed_demo(database, by)
    await make_shop(database)
    real = await make_order(database, {"MUG": 2, "PLATE": 1}, paid="30.00", external_id="real-1")
    await make_delivered(database, real)
    await make_order(database, {"MUG": 1})
    await database.write(by, remove_demo)
    before = await everything(database)
    assert len(before["orders"]) == 2

    # the demo refuses a database with real orders: its data is brought in beside them all the same
    await mark_orders(database, by, is_demo=True)
    await seed_demo(database, by)
    await mark_orders(database, by, is_demo=False)
    delivered = await demo_order(database, by, {"DEMO-MUG": 2, "DEMO-TEAPOT": 1})
    await make_delivered(database, delivered)
    await consent(database, by, delivered)
    await count_teapots(database, by)
    assert (await everything(database))["shipment"] != before["shipment"]

    removed = await database.write(by, remove_demo)
    assert removed == Removed(orders=1, others=len(VARIANTS) + len(LOCATIONS) + 2)
    assert await everything(database) == before
    assert await database.write(by, remove_demo) == Removed()
    assert await everything(database) == before


async def test_what_something_real_uses_stays_and_is_named(database: Database, by: Initiator) -> None:
    await seed_demo(database, by)
    location = await make_location(database, "london", priority=1)
    await make_stock(database, "DEMO-MUG", location, 5)
    await make_order(database, {"DEMO-MUG": 1}, channel=CHANNEL, external_id="real-1")

    removed = await database.write(by, remove_demo)
    assert removed.kept == ("variant DEMO-MUG", "location demo-london", "channel demo")
    assert removed.lines()[1:] == [f"Kept {name}: something that is not the demo's uses it." for name in removed.kept]
    assert [variant.sku for variant in await Variant.all()] == ["DEMO-MUG"]
    assert sorted(location.code for location in await Location.all()) == ["demo-london", "london"]
    assert await Channel.exists(code=CHANNEL)
    levels = await StockLevel.all().values_list("location__code", "allocated")
    assert sorted(levels) == [("demo-london", 0), ("london", 1)]


async def test_real_stock_that_demo_orders_took_is_given_back_by_a_movement(database: Database, by: Initiator) -> None:
    await seed_demo(database, by)
    await make_variant(database, "REAL")
    location = await make_location(database, "london")
    await make_stock(database, "REAL", location, 10)
    shipped = await demo_order(database, by, {"REAL": 3})
    await make_shipped(database, shipped)

    removed = await database.write(by, remove_demo)
    assert (removed.orders, removed.kept) == (1, ())
    level = await StockLevel.get(variant__sku="REAL")
    assert (level.on_hand, level.allocated) == (10, 0)
    movements = await StockMovement.filter(variant__sku="REAL").order_by("id")
    assert sum(movement.on_hand for movement in movements) == level.on_hand
    assert sum(movement.allocated for movement in movements) == level.allocated
    assert (movements[-1].kind, movements[-1].on_hand) == ("adjust", 3)
    assert movements[-1].reason == "the demo's orders were removed"


async def test_demo_orders_that_wait_go_too(database: Database, by: Initiator) -> None:
    await seed_demo(database, by)
    await make_variant(database, "REAL")
    location = await make_location(database, "london")
    for sku in ("REAL", "DEMO-MUG"):
        terms = SetBackorderTerms(sku, location.id, limit=2_000)
        await database.write(by, lambda uow, terms=terms: set_backorder_terms(uow, terms))  # type: ignore[misc]  # a default binds it
    await make_stock(database, "REAL", location, 1)
    await demo_order(database, by, {"REAL": 3, "DEMO-MUG": 2_000})
    await make_stock(database, "DEMO-MUG", location, 1)

    await database.write(by, remove_demo)
    assert await Backorder.all().count() == 0
    level = await StockLevel.get(variant__sku="REAL")
    assert (level.on_hand, level.allocated, level.backordered) == (1, 0, 0)
    assert await EventRow.filter(type="awaited_stock_changed").count() == 0
    assert await contradictions(database) == []


async def test_a_database_with_real_orders_is_refused(database: Database, by: Initiator) -> None:
    await make_shop(database)
    await make_order(database)
    before = await everything(database)
    with pytest.raises(Refused) as refused:
        await seed_demo(database, by)
    assert refused.value.code == "FOREIGN_ORDERS"
    assert await everything(database) == before


@pytest.mark.parametrize(("sku", "code"), [("DEMO-MUG", "DUPLICATE_SKU"), (None, "DUPLICATE_CODE")])
async def test_a_name_that_is_taken_is_refused(database: Database, by: Initiator, sku: str | None, code: str) -> None:
    if sku:
        await make_variant(database, sku)
    else:
        await make_location(database, "demo-leeds")
    before = await everything(database)
    with pytest.raises(Refused) as refused:
        await seed_demo(database, by)
    assert refused.value.code == code
    assert await everything(database) == before
