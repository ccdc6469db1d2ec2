import asyncio
from typing import Any
from uuid import UUID

import pytest

from packhouse.inventory.commands.move import Movement, NotEnoughStock, apply_movements, claim_stock
from packhouse.inventory.models import StockLevel, StockMovement
from packhouse.inventory.states import MovementKind
from packhouse.sdk import Refused
from packhouse.storage import Database
from packhouse.storage.unit_of_work import Conflict
from packhouse.testing.factories import BY, make_location, make_stock, make_variant
from packhouse.testing.proofs import contents

Key = tuple[UUID, UUID]


@pytest.fixture
async def key(database: Database) -> Key:
    """Ten mugs in London."""
    variant = await make_variant(database)
    london = await make_location(database)
    await make_stock(database, "MUG", london, 10)
    return variant.id, london.id


async def move(database: Database, *movements: Movement) -> None:
    await database.write(BY, lambda uow: apply_movements(uow, movements))


async def claim(database: Database, *movements: Movement) -> None:
    await database.write(BY, lambda uow: claim_stock(uow, movements))


async def test_balances_and_ledger_move_together(database: Database, key: Key) -> None:
    await move(
        database,
        Movement(*key, MovementKind.ADJUST, "dropped", on_hand=0, damaged=2),
        Movement(*key, MovementKind.RESTOCK, "came", on_hand=3, reference="box 7"),
    )
    level = await StockLevel.get()
    assert (level.on_hand, level.damaged) == (13, 2)
    movements = await StockMovement.exclude(reason="received for a test").order_by("kind")
    assert [(each.kind, each.on_hand, each.damaged, each.reason, each.reference) for each in movements] == [
        ("adjust", 0, 2, "dropped", ""),
        ("restock", 3, 0, "came", "box 7"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"on_hand": -12},
        {"allocated": -1},
        {"allocated": 12},
        {"damaged": 12},
        {"quarantined": -1},
    ],
    ids=["too few", "nothing to release", "too many", "more damaged than there", "none in quarantine"],
)
async def test_what_the_balances_do_not_allow_changes_nothing(
    database: Database, key: Key, change: dict[str, Any]
) -> None:
    before = await contents(database)
    with pytest.raises(NotEnoughStock) as refused:
        await move(
            database,
            Movement(*key, MovementKind.RESTOCK, "came", on_hand=1),
            Movement(*key, MovementKind.ADJUST, "moved", **change),
        )
    assert refused.value.code == "INSUFFICIENT_STOCK"
    assert await contents(database) == before


async def test_a_claim_leaves_the_safety_stock(database: Database, key: Key) -> None:
    await StockLevel.filter(variant_id=key[0]).update(safety_stock=3)
    await claim(database, Movement(*key, MovementKind.ALLOCATE, "order placed", allocated=7))
    with pytest.raises(Conflict):
        await claim(database, Movement(*key, MovementKind.ALLOCATE, "order placed", allocated=1))
    assert (await StockLevel.get()).allocated == 7


async def test_the_claims_of_one_order_are_summed(database: Database, key: Key) -> None:
    before = await contents(database)
    with pytest.raises(Conflict):
        await claim(database, *(Movement(*key, MovementKind.ALLOCATE, "order placed", allocated=6) for _ in range(2)))
    assert await contents(database) == before


async def test_claims_at_once_never_take_more_than_there_is(database: Database, key: Key) -> None:
    async def take() -> bool:
        try:
            await claim(database, Movement(*key, MovementKind.ALLOCATE, "order placed", allocated=3))
        except Refused:
            return False
        return True

    taken = await asyncio.gather(*(take() for _ in range(6)))
    assert taken.count(True) == 3
    assert (await StockLevel.get()).allocated == 9


async def test_units_that_come_to_a_new_place_open_its_balance(database: Database, key: Key) -> None:
    york = await make_location(database, "york")
    with pytest.raises(NotEnoughStock):
        await move(database, Movement(key[0], york.id, MovementKind.ADJUST, "dropped", damaged=1))
    await move(database, Movement(key[0], york.id, MovementKind.RESTOCK, "came", on_hand=2))
    assert (await StockLevel.get(location_id=york.id)).on_hand == 2
