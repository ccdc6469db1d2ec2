from typing import Any

import pytest
from strawberry.relay import to_base64

from packhouse.inventory.commands.reclassify_stock import ReclassifyStock, reclassify_stock
from packhouse.inventory.models import Location, StockLevel, StockMovement
from packhouse.inventory.states import StockCondition
from packhouse.sdk import InvalidValue, new_id
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_order, make_shop
from packhouse.testing.graphql import Execute
from packhouse.testing.proofs import contents, contradictions, refused

SELLABLE, DAMAGED, QUARANTINED, SCRAPPED = StockCondition


@pytest.fixture
async def london(database: Database) -> Location:
    """Ten mugs in London, four of them ordered."""
    london = await make_shop(database)
    await make_order(database, {"MUG": 4})
    return london


async def move(
    database: Database, location: Location, from_: StockCondition, to: StockCondition, quantity: int, **values: Any
) -> StockLevel:
    given = {"sku": "MUG", "location_id": location.id, "reason": "seen on the shelf", **values}
    data = ReclassifyStock(quantity=quantity, from_=from_, to=to, **given)
    return await database.write(BY, lambda uow: reclassify_stock(uow, data))


@pytest.mark.parametrize(
    ("steps", "balances"),
    [
        ([(SELLABLE, DAMAGED, 6)], (10, 6, 0)),
        ([(SELLABLE, QUARANTINED, 3), (QUARANTINED, SELLABLE, 1)], (10, 0, 2)),
        ([(SELLABLE, QUARANTINED, 3), (QUARANTINED, DAMAGED, 2)], (10, 2, 1)),
        ([(SELLABLE, DAMAGED, 5), (DAMAGED, SCRAPPED, 4)], (6, 1, 0)),
        ([(SELLABLE, SCRAPPED, 2)], (8, 0, 0)),
    ],
)
async def test_units_move_between_conditions(
    database: Database, london: Location, steps: list[Any], balances: tuple[int, ...]
) -> None:
    for step in steps:
        level = await move(database, london, *step)
    assert (level.on_hand, level.damaged, level.quarantined) == balances
    entry = await StockMovement.filter(kind="reclassify").order_by("-id").first()
    assert entry is not None
    assert (entry.reason, entry.actor) == ("seen on the shelf", "tester")
    assert await contradictions(database) == []


async def test_what_is_claimed_or_not_there_does_not_move(database: Database, london: Location) -> None:
    for step in ((SELLABLE, DAMAGED, 7), (SELLABLE, SCRAPPED, 7), (DAMAGED, SELLABLE, 1), (QUARANTINED, SCRAPPED, 1)):
        async with refused(database, "INSUFFICIENT_STOCK"):
            await move(database, london, *step)
    async with refused(database, "UNKNOWN_SKU", "sku"):
        await move(database, london, SELLABLE, DAMAGED, 1, sku="NOPE")
    async with refused(database, "NOT_FOUND", "locationId"):
        await move(database, london, SELLABLE, DAMAGED, 1, location_id=new_id())


@pytest.mark.parametrize(
    ("step", "values", "field"),
    [
        ((SELLABLE, DAMAGED, 0), {}, "quantity"),
        ((SCRAPPED, SELLABLE, 1), {}, "from"),
        ((DAMAGED, DAMAGED, 1), {}, "to"),
        ((SELLABLE, DAMAGED, 1), {"reason": " "}, "reason"),
        ((SELLABLE, DAMAGED, 1), {"reason": "x" * 256}, "reason"),
    ],
)
async def test_a_move_that_cannot_be(
    database: Database, london: Location, step: tuple[Any, Any, int], values: dict[str, str], field: str
) -> None:
    before = await contents(database)
    with pytest.raises(InvalidValue) as invalid:
        await move(database, london, *step, **values)
    assert invalid.value.field == field
    assert await contents(database) == before


async def test_by_graphql(database: Database, london: Location, execute: Execute) -> None:  # noqa: ARG001  (open)
    document = """mutation ($input: ReclassifyStockInput!) { reclassifyStock(input: $input) {
      stockLevel { onHand damaged availableToPromise } userErrors { code field } } }"""
    given = {"sku": "MUG", "locationId": to_base64("Location", london.id), "from": "SELLABLE", "to": "DAMAGED"}
    worked = await execute(document, {"input": {**given, "quantity": 2, "reason": "dropped"}})
    level = {"onHand": 10, "damaged": 2, "availableToPromise": 4}
    assert worked["reclassifyStock"] == {"stockLevel": level, "userErrors": []}
    wrong = await execute(document, {"input": {**given, "quantity": 5, "reason": "dropped"}})
    assert wrong["reclassifyStock"] == {
        "stockLevel": None,
        "userErrors": [{"code": "INSUFFICIENT_STOCK", "field": None}],
    }
