from datetime import timedelta
from typing import Any

import pytest

from packhouse.catalog.commands.set_price import SetPrice, set_price
from packhouse.catalog.models import Price, PriceList, Variant
from packhouse.catalog.prices import prices_in_force
from packhouse.sdk import InvalidValue, Money, Refused, now
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_variant


async def price(database: Database, amount: str, currency: str = "GBP", **values: Any) -> Price:
    data = SetPrice(**{"sku": "MUG", "price": Money.of(amount, currency), **values})
    return await database.write(BY, lambda uow: set_price(uow, data))


async def in_force(database: Database, quantity: int = 1, *, channel: str = "web", currency: str = "GBP") -> int | None:
    """What one mug costs when so many are bought."""
    variant = await Variant.get(sku="MUG")
    found = await prices_in_force(database, channel, currency, now(), [(variant.id, quantity)])
    return found.get((variant.id, quantity))


async def test_a_channels_own_price_counts_before_that_of_all_channels(database: Database) -> None:
    await make_variant(database, price=None)
    await price(database, "10.00")
    await price(database, "8.00", channel="market")
    assert await in_force(database) == 1000
    assert await in_force(database, channel="market") == 800
    assert await in_force(database, currency="EUR") is None
    assert [each.code for each in await PriceList.all().order_by("code")] == ["all-GBP", "market-GBP"]


async def test_the_largest_quantity_that_was_reached_counts(database: Database) -> None:
    await make_variant(database, price=None)
    await price(database, "10.00")
    await price(database, "9.00", min_quantity=5)
    await price(database, "8.00", min_quantity=10)
    assert [await in_force(database, units) for units in (1, 4, 5, 9, 10, 99)] == [1000, 1000, 900, 900, 800, 800]


async def test_a_price_is_replaced(database: Database) -> None:
    await make_variant(database, price=None)
    first = await price(database, "10.00")
    second = await price(database, "11.00")
    assert (first.id, await Price.all().count(), await in_force(database)) == (second.id, 1, 1100)


async def test_a_list_counts_in_its_time_alone(database: Database) -> None:
    await make_variant(database, price=None)
    await price(database, "10.00")
    await price(database, "5.00", channel="web")
    moment = now()
    for valid_from, valid_to, expected in (
        (moment - timedelta(days=1), moment + timedelta(days=1), 500),
        (moment + timedelta(hours=1), None, 1000),
        (None, moment - timedelta(hours=1), 1000),
    ):
        await PriceList.filter(channel="web").update(valid_from=valid_from, valid_to=valid_to)
        assert await in_force(database) == expected


async def test_a_thing_may_cost_nothing(database: Database) -> None:
    await make_variant(database, price=None)
    await price(database, "0")
    assert await in_force(database) == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"price": Money.of("-0.01", "GBP")}, "price.amount"),
        ({"min_quantity": 0}, "minQuantity"),
        ({"channel": "x" * 61}, "channel"),
    ],
)
async def test_a_price_that_cannot_be(database: Database, values: dict[str, Any], field: str) -> None:
    await make_variant(database, price=None)
    with pytest.raises(InvalidValue) as invalid:
        await price(database, "10.00", **values)
    assert invalid.value.field == field
    assert await PriceList.all().count() == 0


async def test_a_price_of_nothing_we_sell(database: Database) -> None:
    with pytest.raises(Refused) as refused:
        await price(database, "10.00")
    assert (refused.value.code, refused.value.field) == ("UNKNOWN_SKU", "sku")
    assert await PriceList.all().count() == 0
