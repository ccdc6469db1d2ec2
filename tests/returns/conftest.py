from collections.abc import Awaitable, Callable

import pytest

from packhouse.inventory.models import Location
from packhouse.orders.models import Order, OrderLine
from packhouse.returns.commands.approve_return import ApproveReturn, approve_return
from packhouse.returns.commands.inspect_return import InspectedUnits, InspectReturn, inspect_return
from packhouse.returns.commands.receive_return import ReceivedUnits, ReceiveReturn, receive_return
from packhouse.returns.commands.request_return import LineToReturn, RequestReturn, request_return
from packhouse.returns.models import Return, ReturnLine
from packhouse.returns.states import Disposition, ReturnReason
from packhouse.settings.sections import ReturnsSettings
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_delivered, make_order, make_shop
from packhouse.testing.payments import FakeBank, make_charge

POLICY = ReturnsSettings()
TABLES = ("return_request", "return_line", "return_inspection", "order_line", "stock_level", "refund", "payment_event")

Snapshot = Callable[[], Awaitable[object]]


@pytest.fixture
def bank() -> FakeBank:
    return FakeBank()


@pytest.fixture
async def shop(database: Database) -> Location:
    """London, with 10 mugs and 10 plates at 10.00 each."""
    return await make_shop(database)


@pytest.fixture
async def order(database: Database, shop: Location) -> Order:  # noqa: ARG001  (it holds the goods)
    """Three mugs and a plate, paid with 40.00 at the bank, and delivered."""
    placed = await make_order(database, {"MUG": 3, "PLATE": 1})
    await make_charge(database, placed, "40.00")
    await make_delivered(database, placed)
    return await Order.get(id=placed.id)


@pytest.fixture
def snapshot(database: Database) -> Snapshot:
    """Everything that the room may change, to compare before and after."""

    async def read() -> object:
        found = {table: await database.fetch(f'SELECT * FROM "{table}" ORDER BY id') for table in TABLES}
        events = await database.fetch("SELECT count(*) AS n FROM event")
        return {table: [tuple(row) for row in rows] for table, rows in found.items()}, events[0]["n"]

    return read


class Desk:
    """The returns desk: one return of two mugs and a plate, as far as a test wants it."""

    def __init__(self, database: Database, order: Order, location: Location) -> None:
        self.database = database
        self.order = order
        self.location = location

    async def requested(self, mugs: int = 2, plates: int = 1) -> Return:
        lines = [
            LineToReturn((await self.order_line(sku)).id, units, ReturnReason.UNWANTED)
            for sku, units in (("MUG", mugs), ("PLATE", plates))
            if units
        ]
        data = RequestReturn(self.order.id, tuple(lines))
        return await self.database.write(BY, lambda uow: request_return(uow, data, POLICY))

    async def approved(self, mugs: int = 2, plates: int = 1) -> Return:
        request = await self.requested(mugs, plates)
        return await self.database.write(BY, lambda uow: approve_return(uow, ApproveReturn(request.id)))

    async def received(self, mugs: int = 2, plates: int = 1) -> Return:
        request = await self.approved(mugs, plates)
        return await self.receive(request, {"MUG": mugs, "PLATE": plates})

    async def receive(self, request: Return, units: dict[str, int], *, nothing_more_comes: bool = False) -> Return:
        lines = [ReceivedUnits((await self.line(request, sku)).id, count) for sku, count in units.items() if count]
        data = ReceiveReturn(request.id, tuple(lines), nothing_more_comes)
        return await self.database.write(BY, lambda uow: receive_return(uow, data))

    async def inspect(self, request: Return, sku: str, quantity: int, disposition: Disposition | None = None) -> Return:
        units = InspectedUnits((await self.line(request, sku)).id, self.location.id, quantity, disposition)
        data = InspectReturn(request.id, (units,))
        return await self.database.write(BY, lambda uow: inspect_return(uow, data, POLICY))

    async def line(self, request: Return, sku: str) -> ReturnLine:
        order_line = await self.order_line(sku)
        return await ReturnLine.get(return_request_id=request.id, order_line_id=order_line.id)

    async def order_line(self, sku: str) -> OrderLine:
        return await OrderLine.get(order_id=self.order.id, sku=sku)


@pytest.fixture
def desk(database: Database, order: Order, shop: Location) -> Desk:
    return Desk(database, order, shop)
