import asyncio
import logging
from datetime import timedelta

import pytest
from tests.channels.partner import TestShop, house, make_channel
from tests.channels.stock_shop import StockShop

from packhouse.channels import pushing
from packhouse.channels.commands.add_listing import AddListing, add_listing
from packhouse.channels.commands.push_stock import push_stock
from packhouse.channels.comparing import compare_stock
from packhouse.channels.counting import StockCounter
from packhouse.channels.models import Channel, Listing, ListingStock
from packhouse.channels.pushing import push_due_stock
from packhouse.events.positions import assign_positions
from packhouse.sdk import (
    ListedStock,
    ProviderAuthFailed,
    ProviderInDoubt,
    ProviderRateLimited,
    Providers,
    ProviderUnavailable,
    PushedStock,
    Refused,
    StockPush,
    now,
)
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_order, make_shop

SKUS = ("MUG", "PLATE")


async def counted(database: Database) -> None:
    await assign_positions(database)
    await StockCounter(house(database)).run()


async def waiting() -> list[str]:
    rows = await ListingStock.filter(due_at__isnull=False).select_related("listing").order_by("listing__channel_sku")
    return [row.listing.channel_sku for row in rows]


async def hurry() -> None:
    """Let whatever was put off be due."""
    await Channel.filter(code="shop").update(push_after=None)
    await ListingStock.filter(due_at__isnull=False).update(due_at=now() - timedelta(seconds=1))


@pytest.fixture
async def shop(database: Database) -> StockShop:
    """A shop that sells mugs and plates, ten of each, and has heard nothing yet."""
    await make_shop(database)
    await make_channel(database)
    for sku in SKUS:
        data = AddListing("shop", sku, sku)
        await database.write(BY, lambda uow, data=data: add_listing(uow, data))  # type: ignore[misc]  # binds the loop's value
    await counted(database)
    return StockShop()


async def test_what_was_counted_is_told_once(database: Database, shop: StockShop) -> None:
    assert await push_due_stock(house(database, shop)) == 2
    assert shop.heard == [{"MUG": 10, "PLATE": 10}]
    assert await push_due_stock(house(database, shop)) == 0
    await make_order(database, {"MUG": 3})
    await counted(database)
    assert await push_due_stock(house(database, shop)) == 1
    assert shop.heard[1:] == [{"MUG": 7}]
    assert shop.pushes[1].items == (ListedStock("MUG", 7, "mug"),), "it is known by the shop's id from then on"
    mug = await ListingStock.get(listing__channel_sku="MUG")
    assert (mug.told_quantity, mug.told_version, mug.version, mug.error) == (7, 2, 2, "")
    assert [row.external_id for row in await Listing.all().order_by("channel_sku")] == ["mug", "plate"]
    assert (await Channel.get(code="shop")).push_owner is None


async def test_a_channel_whose_plugin_takes_no_stock_is_left_alone(database: Database, shop: StockShop) -> None:
    assert await push_due_stock(house(database, TestShop())) == 0
    assert await waiting() == list(SKUS)
    await Channel.filter(code="shop").update(is_active=False)
    assert await push_due_stock(house(database, shop)) == 0
    assert shop.pushes == []


async def test_one_bad_listing_stops_nobody_and_comes_again(database: Database, shop: StockShop) -> None:
    shop.refuses = {"MUG": "there is no such article"}
    assert await push_due_stock(house(database, shop)) == 1
    mug = await ListingStock.get(listing__channel_sku="MUG")
    assert (mug.error, mug.attempts, mug.told_quantity) == ("there is no such article", 1, None)
    assert await waiting() == ["MUG"]
    assert await push_due_stock(house(database, shop)) == 0, "it is put off"
    shop.refuses = {}
    await hurry()
    assert await push_due_stock(house(database, shop)) == 1
    assert shop.shows == {"MUG": 10, "PLATE": 10}
    mug = await ListingStock.get(listing__channel_sku="MUG")
    assert (mug.error, mug.attempts, mug.due_at) == ("", 0, None)


async def test_what_the_channel_says_nothing_of_was_not_told(database: Database, shop: StockShop) -> None:
    shop.says_nothing_of = {"PLATE"}
    assert await push_due_stock(house(database, shop)) == 1
    plate = await ListingStock.get(listing__channel_sku="PLATE")
    assert (plate.error, plate.told_version) == ("the channel said nothing of it", None)


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [
        (ProviderRateLimited("slow down", retry_after=70.0), 69, 71),
        (ProviderUnavailable("nobody is there"), 1, 3),
        (ProviderInDoubt("no answer"), 1, 3),
        (ProviderAuthFailed("the token is old"), 1, 3),
        (KeyError("a mistake in the plugin"), 1, 3),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_a_channel_that_fails_is_tried_again_with_the_newest_numbers(
    database: Database, shop: StockShop, error: Exception, least: int, most: int, caplog: pytest.LogCaptureFixture
) -> None:
    shop.fails = [error]
    before = now()
    assert await push_due_stock(house(database, shop)) == 0
    channel = await Channel.get(code="shop")
    assert channel.push_after is not None
    assert least <= (channel.push_after - before).total_seconds() <= most
    assert channel.push_error
    assert channel.push_owner is None
    assert await push_due_stock(house(database, shop)) == 0
    assert len(shop.pushes) == 1, "it is left in peace meanwhile"
    await make_order(database, {"MUG": 4})
    await counted(database)
    await hurry()
    assert await push_due_stock(house(database, shop)) == 2
    assert shop.heard == [{"MUG": 10, "PLATE": 10}, {"MUG": 6, "PLATE": 10}]
    assert (await Channel.get(code="shop")).push_error == ""
    assert [each.levelno for each in caplog.records if each.name.startswith("packhouse.channels")][
        -1
    ] == logging.WARNING


async def test_the_same_numbers_have_the_same_key_and_others_another(database: Database, shop: StockShop) -> None:
    for _ in range(2):
        shop.fails = [ProviderInDoubt("no answer")]
        await push_due_stock(house(database, shop))
        await hurry()
    await make_order(database, {"MUG": 1})
    await counted(database)
    await push_due_stock(house(database, shop))
    first, again, other = (push.idempotency_key for push in shop.pushes)
    assert first == again != other


@pytest.mark.usefixtures("shop")
async def test_what_changes_while_it_is_told_is_told_again(database: Database) -> None:
    class SlowShop(StockShop):
        async def push_stock(self, push: StockPush) -> list[PushedStock]:
            if not self.pushes:
                await make_order(database, {"MUG": 9})
                await counted(database)
            return await super().push_stock(push)

    slow = SlowShop()
    assert await push_due_stock(house(database, slow)) == 3
    assert slow.heard == [{"MUG": 10, "PLATE": 10}, {"MUG": 1}]
    assert await waiting() == []


async def test_one_process_at_a_time_tells_a_channel(database: Database, shop: StockShop) -> None:
    started, finish = asyncio.Event(), asyncio.Event()

    class HeldShop(StockShop):
        async def push_stock(self, push: StockPush) -> list[PushedStock]:
            started.set()
            await finish.wait()
            return await super().push_stock(push)

    held = HeldShop()
    pushing_ = asyncio.create_task(push_due_stock(house(database, held)))
    await started.wait()
    assert await push_due_stock(house(database, shop)) == 0
    finish.set()
    assert await pushing_ == 2
    assert shop.pushes == []


async def test_a_process_that_died_leaves_the_channel_to_others_when_its_time_is_over(
    database: Database, shop: StockShop
) -> None:
    await Channel.filter(code="shop").update(push_until=now() + timedelta(seconds=60))
    assert await push_due_stock(house(database, shop)) == 0
    await Channel.filter(code="shop").update(push_until=now() - timedelta(seconds=1))
    assert await push_due_stock(house(database, shop)) == 2


async def test_many_are_told_in_batches(database: Database, shop: StockShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "_AT_ONCE", 1)
    assert await push_due_stock(house(database, shop)) == 2
    assert sorted(str(heard) for heard in shop.heard) == ["{'MUG': 10}", "{'PLATE': 10}"]


async def test_a_whole_channel_is_told_again_on_demand(database: Database, shop: StockShop) -> None:
    await push_due_stock(house(database, shop))
    providers = Providers(channels={"shop": shop})
    await database.write(BY, lambda uow: push_stock(uow, providers, "shop"))
    await counted(database)
    assert await push_due_stock(house(database, shop)) == 2
    assert shop.heard == [{"MUG": 10, "PLATE": 10}] * 2
    before = await ListingStock.all().order_by("id").values()
    for code, refusal in (("nowhere", "UNKNOWN_CHANNEL"), ("shop", "TAKES_NO_STOCK")):
        with pytest.raises(Refused) as caught:
            await database.write(BY, lambda uow, code=code: push_stock(uow, Providers(), code))  # type: ignore[misc]  # as above
        assert caught.value.code == refusal
    assert await ListingStock.all().order_by("id").values() == before


async def test_what_a_channel_shows_is_compared_and_what_differs_is_told_again(
    database: Database, shop: StockShop, caplog: pytest.LogCaptureFixture
) -> None:
    services = house(database, shop)
    assert await compare_stock(services) == 0, "it was told nothing yet"
    await push_due_stock(services)
    assert await compare_stock(services) == 0
    shop.shows["MUG"] = 99
    del shop.shows["PLATE"]
    assert await compare_stock(services) == 1
    assert "showed another stock than it was told of 1 listings" in caplog.text
    assert await waiting() == ["MUG"]
    assert await compare_stock(services) == 0, "it is being told"
    assert await push_due_stock(services) == 1
    assert shop.shows == {"MUG": 10}
    shop.fails = [ProviderUnavailable("nobody is there")]
    assert await compare_stock(services) == 0
    assert "could not be compared: nobody is there" in caplog.text
