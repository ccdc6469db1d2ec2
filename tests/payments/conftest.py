import pytest

from packhouse.orders.models import Order
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.payments import FakeBank, make_charge


@pytest.fixture
def bank() -> FakeBank:
    return FakeBank()


@pytest.fixture
async def order(database: Database) -> Order:
    """Two mugs for 20.00, not paid."""
    await make_shop(database)
    return await make_order(database, {"MUG": 2})


@pytest.fixture
async def paid(database: Database, order: Order) -> Order:
    """Two mugs for 20.00, charged by the bank."""
    await make_charge(database, order, "20.00")
    return order
