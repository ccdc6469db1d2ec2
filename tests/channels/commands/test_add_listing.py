import pytest
from tests.channels.partner import make_channel

from packhouse.channels.commands.add_listing import AddListing, add_listing
from packhouse.channels.models import Channel, Listing
from packhouse.sdk import InvalidValue, Refused
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_variant


async def add(database: Database, channel: str, channel_sku: str, sku: str) -> Listing:
    return await database.write(BY, lambda uow: add_listing(uow, AddListing(channel, channel_sku, sku)))


@pytest.fixture
async def channel(database: Database) -> Channel:
    for sku in ("MUG", "PLATE"):
        await make_variant(database, sku)
    return await make_channel(database)


async def test_a_listing_points_to_a_variant_and_can_be_pointed_elsewhere(database: Database, channel: Channel) -> None:
    first = await add(database, "shop", "SHOP-1", "MUG")
    second = await add(database, "shop", "SHOP-1", "PLATE")
    assert first.id == second.id
    (found,) = await Listing.filter(channel=channel).prefetch_related("variant")
    assert (found.channel_sku, found.variant.sku) == ("SHOP-1", "PLATE")


async def test_two_channels_may_use_one_sku_for_different_things(database: Database, channel: Channel) -> None:
    await make_channel(database, "market")
    await add(database, channel.code, "A1", "MUG")
    await add(database, "market", "A1", "PLATE")
    assert await Listing.all().count() == 2


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        (("nobody", "A1", "MUG"), "UNKNOWN_CHANNEL", "channel"),
        (("shop", "A1", "NOPE"), "UNKNOWN_SKU", "sku"),
    ],
)
@pytest.mark.usefixtures("channel")
async def test_a_refused_listing_is_not_kept(
    database: Database, given: tuple[str, str, str], code: str, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await add(database, *given)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await Listing.all().count() == 0


@pytest.mark.parametrize("channel_sku", ["", "  ", "x" * 101])
@pytest.mark.usefixtures("channel")
async def test_a_channel_sku_that_cannot_be(database: Database, channel_sku: str) -> None:
    with pytest.raises(InvalidValue, match="channelSku"):
        await add(database, "shop", channel_sku, "MUG")
