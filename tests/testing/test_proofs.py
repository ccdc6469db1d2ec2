from uuid import UUID

import pytest

from packhouse.inventory.models import StockLevel
from packhouse.orders.models import OrderLine
from packhouse.sdk import Refused
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shipped, make_shop
from packhouse.testing.proofs import contradictions, refused


async def _sound(database: Database) -> UUID:
    await make_shop(database)
    order = await make_order(database, {"MUG": 2})
    await make_shipped(database, order)
    assert await contradictions(database) == []
    return order.id


async def test_a_balance_that_left_its_ledger_is_found(database: Database) -> None:
    await _sound(database)
    await StockLevel.filter(variant__sku="MUG").update(on_hand=99)
    assert await contradictions(database) == ["on hand is the sum of its movements"]


async def test_counters_that_left_their_claims_are_found(database: Database) -> None:
    order_id = await _sound(database)
    await OrderLine.filter(order_id=order_id).update(shipped=1)
    assert await contradictions(database) == ["an order line's shipped units are those of its shipments"]


async def test_a_refusal_that_changed_something_is_found(database: Database) -> None:
    order_id = await _sound(database)

    async def change_and_refuse() -> None:
        async with refused(database, "NO"):
            await OrderLine.filter(order_id=order_id).update(delivered=1)
            raise Refused("NO", "but it did")

    with pytest.raises(AssertionError):
        await change_and_refuse()
