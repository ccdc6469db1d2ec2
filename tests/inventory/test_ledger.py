"""The ledger answers for every past moment, and for now it says what the live rows say."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packhouse.catalog.models import Variant
from packhouse.events.outbox import Outbox
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.move import BUCKETS, Movement, apply_movements, claim_stock
from packhouse.inventory.ledger import balances_as_of
from packhouse.inventory.models import StockLevel, StockMovement
from packhouse.inventory.states import MovementKind
from packhouse.ordering.commands.cancel import CancelOrder, cancel
from packhouse.sdk import Refused, new_id, now
from packhouse.storage import Database, open_database
from packhouse.testing.factories import BY, make_location, make_order, make_shop, make_stock, make_variant
from packhouse.testing.graphql import Execute

# A step: what is done, at which of two places, and a number of units.
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["came", "counted", "protected", "claimed", *BUCKETS]),
        st.integers(0, 1),
        st.integers(-4, 12),
    ),
    min_size=1,
    max_size=15,
)
Balances = dict[str, tuple[int, ...]]


async def _take(database: Database, variant: Variant, location_id: Any, step: tuple[str, int, int]) -> None:
    name, _, units = step
    key = (variant.id, location_id)
    with suppress(Refused):
        if name == "claimed":
            claim = Movement(*key, MovementKind.ALLOCATE, "order placed", allocated=max(1, units))
            await database.write(BY, lambda uow: claim_stock(uow, [claim]))
        elif name in BUCKETS:
            move = Movement(*key, MovementKind.CORRECT, "corrected", **{name: units})
            await database.write(BY, lambda uow: apply_movements(uow, [move]))
        else:
            asked = {
                "came": {"quantity": units},
                "counted": {"counted": max(0, units)},
                "protected": {"safety_stock": max(0, units), "quantity": units},
            }[name]
            data = AdjustStock(variant.sku, location_id, "a reason", **asked)
            await database.write(BY, lambda uow: adjust_stock(uow, data))


async def _live(variant: Variant) -> Balances:
    rows = await StockLevel.filter(variant_id=variant.id)
    return {str(row.location_id): tuple(getattr(row, bucket) for bucket in BUCKETS) for row in rows}


async def _as_of(database: Database, variant: Variant, moment: datetime) -> Balances:
    found = await balances_as_of(database, variant.id, moment)
    return {str(each.location_id): tuple(getattr(each, bucket) for bucket in BUCKETS) for each in found}


def _held(balances: Balances) -> Balances:
    """Without balances of nothing: a place whose balance was opened and never moved is not in the ledger."""
    return {location: units for location, units in balances.items() if any(units)}


async def _walk(url: str, steps: list[tuple[str, int, int]]) -> None:
    database = await open_database(url, before_commit=Outbox().flush)
    try:
        mark = new_id().hex
        variant = await make_variant(database, f"MUG-{mark}")
        places = [(await make_location(database, f"{name}-{mark}")).id for name in ("leeds", "york")]
        seen: list[tuple[datetime, Balances]] = [(now(), {})]
        for step in steps:
            await _take(database, variant, places[step[1]], step)
            seen.append((now(), await _live(variant)))
        for moment, balances in seen:
            assert _held(await _as_of(database, variant, moment)) == _held(balances)
        assert all(each.reason and each.actor for each in await StockMovement.filter(variant_id=variant.id))
    finally:
        await database.close()


@given(steps=_STEPS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_past_moment_is_answered_and_now_is_the_live_row(
    steps: list[tuple[str, int, int]], database_url: str
) -> None:
    asyncio.run(_walk(database_url, steps))


async def test_the_past_of_a_variant_in_graphql(database: Database, execute: Execute) -> None:
    london = await make_shop(database, units=10)
    stocked = now()
    order = await make_order(database, {"MUG": 4})
    placed = now()
    await make_stock(database, "MUG", london, 5)
    await database.write(BY, lambda uow: cancel(uow, CancelOrder(order.id, "changed their mind"), lambda _: []))
    document = """query ($sku: String!, $asOf: DateTime) { stock(sku: $sku, asOf: $asOf) {
      onHand allocated safetyStock availableToPromise variant { sku } location { code } } }"""

    async def stock(moment: datetime | None, sku: str = "MUG") -> list[tuple[int, int, int]]:
        given = {"sku": sku, "asOf": None if moment is None else moment.isoformat()}
        found = (await execute(document, given))["stock"]
        assert all((each["variant"], each["location"]) == ({"sku": sku}, {"code": "london"}) for each in found)
        return [(each["onHand"], each["allocated"], each["availableToPromise"]) for each in found]

    assert await stock(stocked) == [(10, 0, 10)]
    assert await stock(placed) == [(10, 4, 6)]
    assert await stock(None) == await stock(now() + timedelta(days=1)) == [(15, 0, 15)]
    assert await stock(datetime(2020, 1, 1, tzinfo=UTC)) == []
    assert await stock(None, "NOPE") == []


async def test_safety_stock_is_in_the_ledger(database: Database) -> None:
    london = await make_shop(database, units=10)
    data = AdjustStock("MUG", london.id, "the season begins", safety_stock=3)
    await database.write(BY, lambda uow: adjust_stock(uow, data))
    entry = await StockMovement.get(kind="protect")
    assert (entry.on_hand, entry.safety_stock, entry.reason, entry.actor) == (0, 3, "the season begins", "tester")
    lower = AdjustStock("MUG", london.id, "it is over", safety_stock=1)
    await database.write(BY, lambda uow: adjust_stock(uow, lower))
    assert [each.safety_stock for each in await StockMovement.filter(kind="protect").order_by("id")] == [3, -2]
