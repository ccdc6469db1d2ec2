import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.channels.partner import TestShop, house, make_channel

from packhouse.channels import counting
from packhouse.channels.commands.add_listing import AddListing, add_listing
from packhouse.channels.commands.set_buffer import (
    SetChannelBuffer,
    SetListingBuffer,
    set_channel_buffer,
    set_listing_buffer,
)
from packhouse.channels.commands.set_serving_locations import SetServingLocations, set_serving_locations
from packhouse.channels.counting import StockCounter
from packhouse.channels.models import Channel, ChannelLocation, ChannelStock, ListingStock
from packhouse.events.outbox import Outbox
from packhouse.events.positions import assign_positions
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.end_reservations import take_back_expired
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.commands.set_location_active import SetLocationActive, set_location_active
from packhouse.inventory.models import Location
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.reserve import ReserveStock, reserve
from packhouse.sdk import Refused
from packhouse.storage import Database, UnitOfWork, open_database
from packhouse.storage.dialect import read_json
from packhouse.testing.factories import BY, make_location, make_order, make_shop, make_stock, make_variant
from packhouse.testing.proofs import contradictions


async def do(database: Database, command: Callable[..., Any], data: Any) -> Any:
    return await database.write(BY, lambda uow: command(uow, data))


class Counting:
    """The counter, and what it told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.counter = StockCounter(house(database, TestShop()))

    async def settle(self) -> list[tuple[str, str, int | None, int]]:
        """Let everything be counted; (channel, SKU, before, after) of each event since the last time."""
        await assign_positions(self.database)
        await self.counter.run()
        told = await self.database.fetch(
            "SELECT payload FROM event WHERE type = 'stock_changed' AND position IS NULL ORDER BY recorded_at, ordinal"
        )
        await assign_positions(self.database)
        assert await contradictions(self.database) == []
        payloads = [read_json(row["payload"]) for row in told]
        return sorted((each["channel"], each["sku"], each["previous"], each["available"]) for each in payloads)

    async def numbers(self) -> dict[str, tuple[int, int]]:
        """The number and the version of every listing."""
        rows = await ListingStock.all().select_related("listing")
        return {row.listing.channel_sku: (row.quantity, row.version) for row in rows}


@pytest.fixture
async def counting_(database: Database) -> Counting:
    await make_shop(database)
    await make_channel(database)
    await do(database, add_listing, AddListing("shop", "MUG", "MUG"))
    kept = Counting(database)
    assert await kept.settle() == [("shop", "MUG", None, 10)]
    return kept


async def test_a_number_is_told_when_it_changes_and_only_then(database: Database, counting_: Counting) -> None:
    assert await counting_.settle() == []
    await make_order(database, {"MUG": 2})
    await make_order(database, {"MUG": 1, "PLATE": 1})
    assert await counting_.settle() == [("shop", "MUG", 10, 7)], "two orders, one event, the newest number"
    await make_order(database, {"PLATE": 1})
    assert await counting_.settle() == [], "nobody sells the plate there"
    london = await Location.get(code="london")
    await do(database, adjust_stock, AdjustStock("MUG", london.id, "more", quantity=3))
    await do(database, adjust_stock, AdjustStock("MUG", london.id, "less", quantity=-3))
    assert await counting_.settle() == [], "there and back is no change"
    assert await counting_.numbers() == {"MUG": (7, 2)}


async def test_reservations_count_from_their_making_to_their_end(database: Database, counting_: Counting) -> None:
    await do(database, reserve, ReserveStock((BasketLine("MUG", 4),), seconds=60))
    assert await counting_.settle() == [("shop", "MUG", 10, 6)]
    await database.write(BY, lambda uow: uow.execute("UPDATE reservation SET expires_at = created_at"))
    await take_back_expired(database, BY)
    assert await counting_.settle() == [("shop", "MUG", 6, 10)]


async def test_listings_have_the_same_number_but_for_their_own_buffers(database: Database, counting_: Counting) -> None:
    await do(database, add_listing, AddListing("shop", "MUG-2", "MUG"))
    assert await counting_.settle() == [("shop", "MUG", 10, 10)]
    await do(database, set_channel_buffer, SetChannelBuffer("shop", 3))
    await do(database, set_listing_buffer, SetListingBuffer("shop", "MUG-2", 8))
    assert await counting_.settle() == [("shop", "MUG", 10, 7)]
    assert await counting_.numbers() == {"MUG": (7, 2), "MUG-2": (2, 2)}
    await make_order(database, {"MUG": 9})
    assert await counting_.settle() == [("shop", "MUG", 7, 0)]
    await do(database, set_listing_buffer, SetListingBuffer("shop", "MUG-2", None))
    assert await counting_.settle() == []
    await do(database, set_listing_buffer, SetListingBuffer("shop", "MUG-2", 0))
    assert await counting_.settle() == [("shop", "MUG", 0, 0)], "one listing's number is another"
    assert await counting_.numbers() == {"MUG": (0, 3), "MUG-2": (1, 4)}


async def test_any_number_say_at_once_which_locations_serve(database: Database) -> None:
    await make_channel(database)
    for code in ("leeds", "london"):
        await make_location(database, code)
    data = SetServingLocations("shop", ("leeds", "london"))
    await asyncio.gather(*(do(database, set_serving_locations, data) for _ in range(10)))
    assert await ChannelLocation.all().count() == 2


async def test_locations_count_while_they_serve_the_channel_and_are_active(
    database: Database, counting_: Counting
) -> None:
    await make_stock(database, "MUG", await make_location(database, "leeds"), 5)
    await make_stock(database, "MUG", await make_location(database, "fba", network="amazon"), 20)
    assert await counting_.settle() == [("shop", "MUG", 10, 35)]
    await do(database, set_serving_locations, SetServingLocations("shop", networks=False))
    assert await counting_.settle() == [("shop", "MUG", 35, 15)]
    await do(database, set_serving_locations, SetServingLocations("shop", ("leeds", "fba")))
    assert await counting_.settle() == [("shop", "MUG", 15, 25)]
    leeds = await Location.get(code="leeds")
    await do(database, set_location_active, SetLocationActive(leeds.id, is_active=False))
    assert await counting_.settle() == [("shop", "MUG", 25, 20)]
    await do(database, set_location_active, SetLocationActive(leeds.id, is_active=True))
    assert await counting_.settle() == [("shop", "MUG", 20, 25)]


async def test_a_bundle_follows_its_components_however_deep(database: Database, counting_: Counting) -> None:
    for sku in ("SET", "BOX"):
        await make_variant(database, sku)
        await do(database, add_listing, AddListing("shop", sku, sku))
    await do(database, set_bundle, SetBundle("SET", (BundlePart("MUG", 2), BundlePart("PLATE", 1))))
    await do(database, set_bundle, SetBundle("BOX", (BundlePart("SET", 2),)))
    assert await counting_.settle() == [("shop", "BOX", None, 2), ("shop", "SET", None, 5)]
    await make_order(database, {"PLATE": 6})
    assert await counting_.settle() == [("shop", "BOX", 2, 2), ("shop", "SET", 5, 4)][1:]
    await make_order(database, {"MUG": 4})
    assert await counting_.settle() == [("shop", "BOX", 2, 1), ("shop", "MUG", 10, 6), ("shop", "SET", 4, 3)]
    await do(database, set_bundle, SetBundle("SET", (BundlePart("MUG", 1),)))
    assert await counting_.settle() == [("shop", "BOX", 1, 3), ("shop", "SET", 3, 6)]


async def test_a_listing_of_another_variant_leaves_nothing_behind(database: Database, counting_: Counting) -> None:
    await do(database, add_listing, AddListing("shop", "MUG", "PLATE"))
    assert await counting_.settle() == [("shop", "MUG", 10, 0), ("shop", "PLATE", None, 10)]
    assert [row.available for row in await ChannelStock.all()] == [10]
    await make_order(database, {"MUG": 1})
    assert await counting_.settle() == []


async def test_a_changed_channel_is_counted_in_pages(
    database: Database, counting_: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_VARIANTS_AT_ONCE", 2)
    for number in range(4):
        await make_variant(database, f"V{number}", price=None)
        await do(database, add_listing, AddListing("shop", f"V{number}", f"V{number}"))
    assert len(await counting_.settle()) == 4
    await do(database, set_channel_buffer, SetChannelBuffer("shop", 10))
    assert await counting_.settle() == [("shop", "MUG", 10, 0)]
    assert (await Channel.get(code="shop")).recount_from is None


async def test_what_was_trimmed_before_it_was_counted_is_counted_as_a_whole(
    database: Database, counting_: Counting
) -> None:
    await make_order(database, {"MUG": 1})
    await assign_positions(database)

    async def trim(uow: UnitOfWork) -> None:
        await uow.execute("DELETE FROM event")
        await uow.execute("UPDATE position_counter SET trimmed = position")

    await database.write(BY, trim)
    assert await counting_.settle() == [("shop", "MUG", 10, 9)]


async def test_a_crash_between_number_and_event_leaves_both_to_the_next_run(
    database: Database, counting_: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_order(database, {"MUG": 1})
    await assign_positions(database)

    async def crash(uow: UnitOfWork) -> None:
        assert uow.pending
        raise RuntimeError("killed")

    whole = database.before_commit
    monkeypatch.setattr(database, "before_commit", crash)
    with pytest.raises(RuntimeError, match="killed"):
        await counting_.counter.run()
    monkeypatch.setattr(database, "before_commit", whole)
    assert await counting_.numbers() == {"MUG": (10, 1)}
    assert await counting_.settle() == [("shop", "MUG", 10, 9)]


async def test_a_movement_that_commits_late_is_not_missed(postgres_url: str) -> None:
    """A slow order moves stock first and commits last, after the counter has gone past a faster one; SQLite has one writer."""
    outbox, moved, finish = Outbox(), asyncio.Event(), asyncio.Event()
    slow: set[asyncio.Task[Any] | None] = set()

    async def flush(uow: UnitOfWork) -> None:
        await outbox.flush(uow)
        if asyncio.current_task() in slow:
            moved.set()
            await finish.wait()

    database = await open_database(postgres_url, before_commit=flush)
    try:
        await make_shop(database)
        await make_channel(database)
        for sku in ("MUG", "PLATE"):
            await do(database, add_listing, AddListing("shop", sku, sku))
        kept = Counting(database)
        await kept.settle()
        late = asyncio.create_task(make_order(database, {"MUG": 3}))
        slow.add(late)
        await moved.wait()
        await make_order(database, {"PLATE": 1})
        assert await kept.settle() == [("shop", "PLATE", 10, 9)]
        finish.set()
        await late
        assert await kept.settle() == [("shop", "MUG", 10, 7)]
    finally:
        finish.set()
        await database.close()


async def test_one_counts_at_a_time(postgres_url: str) -> None:
    """An advisory lock: beside SQLite there is one process, and in it one counter."""
    database = await open_database(postgres_url, before_commit=Outbox().flush)
    try:
        await make_shop(database)
        await make_channel(database)
        await do(database, add_listing, AddListing("shop", "MUG", "MUG"))
        await assign_positions(database)
        held, release = asyncio.Event(), asyncio.Event()

        async def hold(uow: UnitOfWork) -> None:
            await counting.hold_counting(uow, wait=True)
            held.set()
            await release.wait()

        counter = StockCounter(house(database, TestShop()))
        await counter.run()
        await make_order(database, {"MUG": 1})
        await assign_positions(database)
        holder = asyncio.create_task(database.write(BY, hold))
        await held.wait()
        assert await counter.run() == 0
        release.set()
        await holder
        assert await counter.run() == 1
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("command", "data", "code", "field"),
    [
        (set_channel_buffer, SetChannelBuffer("nowhere", 1), "UNKNOWN_CHANNEL", "channel"),
        (set_listing_buffer, SetListingBuffer("shop", "NOPE", 1), "UNKNOWN_LISTING", "channelSku"),
        (set_serving_locations, SetServingLocations("shop", ("london", "mars")), "UNKNOWN_LOCATION", "locations.1"),
    ],
)
async def test_what_cannot_be_set_changes_nothing(
    database: Database, counting_: Counting, command: Any, data: Any, code: str, field: str
) -> None:
    with pytest.raises(Refused) as caught:
        await do(database, command, data)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert await counting_.settle() == []
