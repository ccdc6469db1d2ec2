"""A shop shows what can be promised, from the first listing through orders from everywhere."""

from tests.end_to_end.api import ADDRESS, Api, until
from tests.end_to_end.shopify import CODE, AdminStandIn, Door, order_json


async def test_the_shop_shows_what_is_left_whoever_sells_it(shop_api: Api, admin: AdminStandIn, door: Door) -> None:
    admin.shows = {"MUG": 99, "PLATE": 0}

    async def shows(mugs: int, plates: int) -> None:
        async def look() -> bool:
            return admin.shows == {"MUG": mugs, "PLATE": plates}

        await until(look, f"{mugs} mugs and {plates} plates")

    await shop_api.stock_shop(["MUG", "PLATE"], 10, price="9.50")
    for sku in admin.shows:
        await shop_api.do("addListing", "listing { id }", channel=CODE, channelSku=sku, sku=sku)
    await shows(10, 10)
    await shop_api.do("setChannelBuffer", "channel { buffer }", channel=CODE, units=1)
    await shows(9, 9)
    status, _ = await door.deliver(order_json())
    assert status == 200
    await shows(7, 8)
    await shop_api.do("createChannel", "channel { id }", code="web", name="Web shop")
    await shop_api.do(
        "placeOrder",
        "order { id }",
        channel="web",
        currency="GBP",
        shippingAddress=ADDRESS,
        lines=[{"sku": "MUG", "quantity": 4}],
    )
    await shows(3, 8)
    admin.shows["MUG"] = 50
    await shop_api.do("pushStock", "channel { pushError }", channel=CODE)
    await shows(3, 8)
    [mug] = (await shop_api.ask('{ variant(sku: "MUG") { channelAvailability { available } } }'))["variant"][
        "channelAvailability"
    ]
    assert mug == {"available": 3}
