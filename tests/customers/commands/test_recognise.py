import asyncio
from typing import Any
from uuid import UUID

from packhouse.customers.commands.recognise import Buyer, recognise
from packhouse.customers.models import Customer
from packhouse.storage import Database
from packhouse.testing.factories import BY


async def seen(database: Database, **values: Any) -> UUID | None:
    buyer = Buyer(**{"channel": "web", **values})
    return await database.write(BY, lambda uow: recognise(uow, buyer))


async def test_a_new_buyer_is_kept_with_the_address_in_lower_case(database: Database) -> None:
    id_ = await seen(database, email=" Buyer@Example.COM ", name="Test Buyer", phone="123")
    customer = await Customer.get()
    assert (customer.id, customer.email, customer.name, customer.phone) == (
        id_,
        "buyer@example.com",
        "Test Buyer",
        "123",
    )
    assert (customer.channel, customer.external_id, customer.is_demo) == ("web", "", False)


async def test_a_buyer_is_recognised_by_the_address_in_any_case(database: Database) -> None:
    first = await seen(database, email="buyer@example.com")
    assert await seen(database, email="BUYER@example.com", channel="market") == first
    assert await Customer.all().count() == 1


async def test_a_channels_own_id_counts_for_more_than_the_address(database: Database) -> None:
    first = await seen(database, external_id="7", email="old@example.com")
    assert await seen(database, external_id="7", email="new@example.com") == first
    second = await seen(database, external_id="8", email="old@example.com")
    assert second != first
    assert await seen(database, external_id="7", channel="market") not in {first, second}


async def test_a_buyer_of_whom_nothing_is_known_is_nobody(database: Database) -> None:
    assert await seen(database, name="Test Buyer", email="  ") is None
    assert await Customer.all().count() == 0


async def test_long_names_are_cut(database: Database) -> None:
    await seen(database, email="buyer@example.com", name="x" * 300, phone="1" * 100)
    customer = await Customer.get()
    assert (len(customer.name), len(customer.phone)) == (255, 64)


async def test_a_buyer_seen_on_all_sides_at_once_is_one(database: Database) -> None:
    ids = await asyncio.gather(*(seen(database, external_id="7", email="buyer@example.com") for _ in range(10)))
    assert len(set(ids)) == 1
    assert await Customer.all().count() == 1
