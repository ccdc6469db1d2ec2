from collections.abc import Awaitable, Callable

from packhouse.fulfillment.models import Parcel
from packhouse.sdk import Address, Money, ParcelItem, Provider, Providers, ProviderUnavailable, QuoteRequest, new_id
from packhouse.shipping.quotes import MissingQuote, quote_shipping
from packhouse.shipping.requests import quote_request
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.partners import TestCarrier, TestNetwork
from packhouse.testing.proofs import refused

Packed = Callable[..., Awaitable[Parcel]]


async def test_all_carriers_quote_side_by_side() -> None:
    carriers: dict[str, Provider] = {
        "slow": TestCarrier("slow", delay_seconds=30),
        "down": TestCarrier("down", fails={"quote": [ProviderUnavailable("maintenance")]}),
        "broken": TestCarrier("broken", fails={"quote": [KeyError("x")]}),
        "gone": TestCarrier("gone", fails={"quote": [SystemExit(1)]}),
        "dear": TestCarrier("dear", price="9.00"),
        "cheap": TestCarrier("cheap", price="3.50"),
        "no-quotes": TestNetwork(),
    }
    board = await quote_shipping(Providers(carriers=carriers), QuoteRequest(Address(), Address(), ()), 0.05)

    assert [(quote.carrier, quote.service, str(quote.price.amount)) for quote in board.quotes] == [
        ("cheap", "standard", "3.50"),
        ("cheap", "express", "7.00"),
        ("dear", "standard", "9.00"),
        ("dear", "express", "18.00"),
    ]
    assert board.missing == (
        MissingQuote("broken", "the carrier's plugin failed; see the log"),
        MissingQuote("down", "maintenance"),
        MissingQuote("gone", "the carrier's plugin failed; see the log"),
        MissingQuote("slow", "no answer within 0.05 seconds"),
    )


async def test_a_carrier_is_told_what_travels(database: Database, packed: Packed) -> None:
    await make_shop(database)
    parcel = await packed(await make_order(database, {"MUG": 2}))

    request = await quote_request(parcel.id)

    assert (request.ship_from.line1, request.ship_to.name) == ("1 Example Street", "Test Buyer")
    (sent,) = request.parcels
    assert sent.weight_grams == 600
    assert sent.items == (ParcelItem("MUG", "Title of MUG", 2, Money.of("10.00", "GBP")),)


async def test_an_unknown_parcel_is_refused(database: Database) -> None:
    async with refused(database, "NOT_FOUND", "parcelId"):
        await quote_request(new_id())
