import asyncio
from typing import Any

import pytest

from packhouse.inventory.commands.adjust_stock import MAX_UNITS, AdjustStock, adjust_stock
from packhouse.inventory.models import Location, StockLevel, StockMovement
from packhouse.sdk import InvalidValue, Refused, new_id
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_order, make_shop, make_variant
from packhouse.testing.proofs import contents, contradictions, refused


async def adjust(database: Database, location: Location, **values: Any) -> StockLevel:
    data = AdjustStock(**{"sku": "MUG", "location_id": location.id, "reason": "delivered", **values})
    return await database.write(BY, lambda uow: adjust_stock(uow, data))


@pytest.fixture
async def london(database: Database) -> Location:
    await make_variant(database)
    return await make_location(database)


async def test_units_that_came_are_on_the_shelf_and_in_the_ledger(database: Database, london: Location) -> None:
    level = await adjust(database, london, quantity=5, bin="A-1", safety_stock=2)
    assert (level.on_hand, level.bin, level.safety_stock) == (5, "A-1", 2)
    level = await adjust(database, london, quantity=-2, reason="broken")
    assert (level.on_hand, level.bin, level.safety_stock) == (3, "A-1", 2)
    movements = await StockMovement.all().order_by("id")
    entries = [(each.kind, each.on_hand, each.safety_stock, each.reason, each.actor) for each in movements]
    assert entries == [
        ("adjust", 5, 0, "delivered", "tester"),
        ("protect", 0, 2, "delivered", "tester"),
        ("adjust", -2, 0, "broken", "tester"),
    ]
    assert await contradictions(database) == []


async def test_a_count_sets_what_is_there(database: Database, london: Location) -> None:
    await adjust(database, london, quantity=5)
    assert (await adjust(database, london, counted=3, reason="counted")).on_hand == 3
    assert (await adjust(database, london, counted=3, reason="counted again")).on_hand == 3
    movements = await StockMovement.filter(kind="count")
    assert [each.on_hand for each in movements] == [-2], "what was right needs no entry"
    assert await contradictions(database) == []


async def test_the_change_is_told(database: Database, london: Location) -> None:
    await adjust(database, london, quantity=5)
    (event,) = await database.fetch("SELECT type, reason, payload FROM event WHERE type LIKE 'stock%'")
    assert (event["type"], event["reason"]) == ("stock_adjusted", "delivered")
    assert '"delta"' in event["payload"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 256}, "reason"),
        ({"bin": "x" * 33}, "bin"),
        ({"counted": -1}, "counted"),
        ({"counted": MAX_UNITS + 1}, "counted"),
        ({"safety_stock": -1}, "safetyStock"),
        ({"quantity": MAX_UNITS}, "quantity"),
    ],
)
async def test_a_change_that_cannot_be(
    database: Database, london: Location, values: dict[str, Any], field: str
) -> None:
    await adjust(database, london, quantity=5)
    before = await contents(database)
    with pytest.raises(InvalidValue) as invalid:
        await adjust(database, london, **values)
    assert invalid.value.field == field
    assert await contents(database) == before


async def test_what_is_not_there_does_not_go(database: Database, london: Location) -> None:
    async with refused(database, "INSUFFICIENT_STOCK"):
        await adjust(database, london, quantity=-1)
    await adjust(database, london, quantity=5)
    async with refused(database, "INSUFFICIENT_STOCK"):
        await adjust(database, london, quantity=-6)


async def test_what_is_promised_away_does_not_go(database: Database) -> None:
    london = await make_shop(database, units=5)
    await make_order(database, {"MUG": 4})
    async with refused(database, "INSUFFICIENT_STOCK"):
        await adjust(database, london, counted=3)
    assert (await adjust(database, london, counted=4)).on_hand == 4


async def test_unknown_things(database: Database, london: Location) -> None:
    async with refused(database, "UNKNOWN_SKU", "sku"):
        await adjust(database, london, sku="NOPE", quantity=1)
    london.id = new_id()
    async with refused(database, "NOT_FOUND", "locationId"):
        await adjust(database, london, quantity=1)


async def test_changes_at_once_are_all_counted(database: Database, london: Location) -> None:
    await adjust(database, london, quantity=200)
    await asyncio.gather(*(adjust(database, london, quantity=(-1) ** each * (each + 1)) for each in range(20)))
    (level,) = await StockLevel.all()
    assert level.on_hand == 200 + sum((-1) ** each * (each + 1) for each in range(20))
    assert await contradictions(database) == []


async def test_the_first_changes_at_once_make_one_balance(database: Database, london: Location) -> None:
    async def first() -> bool:
        try:
            await adjust(database, london, quantity=1)
        except Refused:
            return False
        return True

    made = await asyncio.gather(*(first() for _ in range(8)))
    (level,) = await StockLevel.all()
    assert (all(made), level.on_hand) == (True, 8)
