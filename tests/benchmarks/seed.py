"""Fills a database for the benchmarks: a catalogue with plenty of stock, and orders to list."""

import asyncio

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.events.outbox import Outbox
from packhouse.ordering.commands.place import place
from packhouse.ordering.data import PlaceLine, PlaceOrder, PlacePayment
from packhouse.sdk import Money
from packhouse.storage import Database, open_database
from packhouse.storage.migrate import migrate
from packhouse.testing.factories import ADDRESS, BY, make_location, make_stock, make_variant
from packhouse.testing.tokens import given_token

SKUS = tuple(f"SKU-{number:03}" for number in range(100))


def request(number: int, external_id: str = "") -> PlaceOrder:
    """An order of three lines; neighbours in time ask for other SKUs."""
    lines = tuple(PlaceLine(SKUS[(number * 3 + step * 7) % len(SKUS)], 1 + step) for step in range(3))
    return PlaceOrder(
        channel="web",
        currency="GBP",
        lines=lines,
        email=f"buyer{number % 1000}@example.com",
        customer_name="Test Buyer",
        shipping_address=ADDRESS,
        external_id=external_id,
        payments=(PlacePayment("charge", Money.of("60.00", "GBP"), external_id=f"ch_{number}"),),
    )


async def seed(url: str, orders: int) -> str:
    """Migrate and fill the database; returns an access token."""
    await migrate(url)
    database = await open_database(url, before_commit=Outbox().flush)
    try:
        await _catalogue(database)
        for start in range(0, orders, 50):
            await asyncio.gather(*(_place(database, number) for number in range(start, min(start + 50, orders))))
        return await given_token(database, "benchmark")
    finally:
        await database.close()


async def _catalogue(database: Database) -> None:
    await database.write(BY, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
    london = await make_location(database, "london")
    york = await make_location(database, "york", priority=200)
    for sku in SKUS:
        await make_variant(database, sku)
        await make_stock(database, sku, london, 1_000_000)
        await make_stock(database, sku, york, 1_000_000)


async def _place(database: Database, number: int) -> None:
    data = request(number)
    await database.write(BY, lambda uow: place(uow, data, lambda _: []))
