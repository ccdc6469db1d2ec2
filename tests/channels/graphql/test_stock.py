"""What channels may sell, over GraphQL."""

from dataclasses import replace
from typing import Any

import pytest
from strawberry.relay import to_base64
from tests.channels.partner import house, make_channel
from tests.channels.stock_shop import StockShop

from packhouse.channels.counting import StockCounter
from packhouse.channels.models import Channel, Listing
from packhouse.channels.pushing import push_due_stock
from packhouse.events.positions import assign_positions
from packhouse.inventory.models import Location
from packhouse.sdk import Providers, new_id
from packhouse.storage import Database
from packhouse.testing.factories import make_shop
from packhouse.testing.graphql import Execute
from packhouse.web.context import Context

ERRORS = "userErrors { code field message }"
READ = """{
  variant(sku: "MUG") { channelAvailability {
    available changedAt channel { code buffer countsNetworks pushError } variant { sku }
    listings { channelSku buffer stock { quantity toldQuantity toldAt dueAt error comparedAt } }
  } }
  channelAvailability(channel: "shop") { edges { node { available variant { sku } } } }
  nothing: channelAvailability(channel: "nowhere") { edges { node { available } } }
}"""


async def run(execute: Execute, mutation: str, selection: str, **values: Any) -> Any:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }}"
    return (await execute(document, {"input": values}))[mutation]


async def settle(database: Database, shop: StockShop) -> None:
    await assign_positions(database)
    await StockCounter(house(database, shop)).run()
    await push_due_stock(house(database, shop))


@pytest.fixture
async def shop(database: Database, execute: Execute) -> StockShop:
    await make_shop(database)
    await make_channel(database)
    for sku in ("MUG", "PLATE"):
        added = await run(
            execute, "addListing", "listing { stock { quantity } }", channel="shop", channelSku=sku, sku=sku
        )
        assert added == {"listing": {"stock": None}, "userErrors": []}
    return StockShop()


async def test_what_each_channel_may_sell_is_read_by_variant_and_by_channel(
    database: Database, execute: Execute, shop: StockShop
) -> None:
    assert (await execute(READ))["variant"] == {"channelAvailability": []}
    await settle(database, shop)
    found = await execute(READ)
    [mug] = found["variant"]["channelAvailability"]
    [listing] = mug["listings"]
    assert mug["available"] == 10
    assert mug["changedAt"]
    assert mug["channel"] == {"code": "shop", "buffer": 0, "countsNetworks": True, "pushError": None}
    assert mug["variant"] == {"sku": "MUG"}
    assert listing["stock"].pop("toldAt")
    assert listing == {
        "channelSku": "MUG",
        "buffer": None,
        "stock": {"quantity": 10, "toldQuantity": 10, "dueAt": None, "error": None, "comparedAt": None},
    }
    listed = [edge["node"] for edge in found["channelAvailability"]["edges"]]
    assert sorted((each["variant"]["sku"], each["available"]) for each in listed) == [("MUG", 10), ("PLATE", 10)]
    assert found["nothing"] == {"edges": []}


async def test_buffers_and_serving_locations_are_set(database: Database, execute: Execute, shop: StockShop) -> None:
    buffered = await run(execute, "setChannelBuffer", "channel { buffer }", channel="shop", units=2)
    assert buffered == {"channel": {"buffer": 2}, "userErrors": []}
    own = await run(execute, "setListingBuffer", "listing { buffer }", channel="shop", channelSku="MUG", units=9)
    assert own == {"listing": {"buffer": 9}, "userErrors": []}
    serving = await run(
        execute,
        "setServingLocations",
        "channel { countsNetworks }",
        channel="shop",
        locations=["london"],
        networks=False,
    )
    assert serving == {"channel": {"countsNetworks": False}, "userErrors": []}
    await settle(database, shop)
    assert shop.shows == {"MUG": 1, "PLATE": 8}
    location = await Location.get(code="london")
    off = await run(
        execute,
        "setLocationActive",
        "location { isActive }",
        locationId=to_base64("Location", location.id),
        isActive=False,
    )
    assert off == {"location": {"isActive": False}, "userErrors": []}
    await settle(database, shop)
    assert shop.shows == {"MUG": 0, "PLATE": 0}


@pytest.mark.parametrize(
    ("mutation", "values", "error"),
    [
        ("setChannelBuffer", {"channel": "shop", "units": -1}, ("INVALID_VALUE", ["units"])),
        ("setChannelBuffer", {"channel": "nowhere", "units": 1}, ("UNKNOWN_CHANNEL", ["channel"])),
        ("setServingLocations", {"channel": "shop", "locations": ["mars"]}, ("UNKNOWN_LOCATION", ["locations", "0"])),
        ("pushStock", {"channel": "shop"}, ("TAKES_NO_STOCK", ["channel"])),
    ],
)
@pytest.mark.usefixtures("shop")
async def test_what_cannot_be_set_changes_nothing(
    execute: Execute, mutation: str, values: dict[str, Any], error: tuple[str, list[str]]
) -> None:
    before = await Channel.all().values()
    payload = await run(execute, mutation, "channel { code }", **values)
    assert payload["channel"] is None
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [error]
    assert await Channel.all().values() == before


@pytest.mark.usefixtures("shop")
async def test_an_unknown_listing_or_location_changes_nothing(execute: Execute) -> None:
    before = await Listing.all().values()
    for units, error in ((1, ("UNKNOWN_LISTING", ["channelSku"])), (-1, ("INVALID_VALUE", ["units"]))):
        payload = await run(
            execute, "setListingBuffer", "listing { buffer }", channel="shop", channelSku="NOPE", units=units
        )
        assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [error]
    payload = await run(
        execute, "setLocationActive", "location { code }", locationId=to_base64("Location", new_id()), isActive=False
    )
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [("NOT_FOUND", ["locationId"])]
    assert await Listing.all().values() == before


async def test_a_channel_is_told_everything_again(
    database: Database, execute: Execute, graphql_context: Context, shop: StockShop
) -> None:
    await settle(database, shop)
    graphql_context.providers = replace(graphql_context.providers, channels={"shop": shop})
    assert isinstance(graphql_context.providers, Providers)
    pushed = await run(execute, "pushStock", "channel { code }", channel="shop")
    assert pushed == {"channel": {"code": "shop"}, "userErrors": []}
    await settle(database, shop)
    assert shop.heard == [{"MUG": 10, "PLATE": 10}] * 2
