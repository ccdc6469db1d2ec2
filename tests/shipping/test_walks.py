"""Random walks through the warehouse: whatever is done in whatever order, all counters go on telling one story."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packhouse.events.outbox import Outbox
from packhouse.fulfillment.commands.confirm_pick import ConfirmPick, confirm_pick
from packhouse.fulfillment.commands.pack import PackItem, PackParcel, pack
from packhouse.fulfillment.commands.reject import RejectFulfillment, reject_fulfillment
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine, Parcel, Pick
from packhouse.fulfillment.states import RejectionReason
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.ordering.commands.reroute import Reroute, reroute
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import Providers, Refused, TrackingStatus, TrackingUpdate
from packhouse.sdk.states import IllegalTransition
from packhouse.shipping.commands.create_shipment import CreateShipment, create_shipment
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.shipping.commands.record_tracking import RecordTracking, record_tracking
from packhouse.shipping.commands.void_label import VoidLabel, void_label
from packhouse.shipping.models import Shipment
from packhouse.storage import Database, UnitOfWork, open_database
from packhouse.testing.factories import BY, make_location, make_order, make_shop, make_stock, make_variant
from packhouse.testing.proofs import contradictions

_START = datetime(2026, 3, 1, tzinfo=UTC)
_STATUSES = [
    TrackingStatus.PICKED_UP,
    TrackingStatus.IN_TRANSIT,
    TrackingStatus.NEEDS_ATTENTION,
    TrackingStatus.RETURN_TO_SENDER,
    TrackingStatus.DELIVERED,
]
D = TypeVar("D")
T = TypeVar("T")
Row = TypeVar("Row", FulfillmentOrder, Pick, Parcel, Shipment, Order)

# A step is what is done, and two numbers that choose to what and how much.
Step = tuple[str, int, int]


class Warehouse:
    """Does one step after the other; a refusal is as good as a deed, anything else is a fault."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.done: list[str] = []

    async def take(self, step: Step) -> None:
        """Do a step, or have it refused."""
        name, which, amount = step
        try:
            await getattr(self, f"_{name}")(which, amount)
        except (Refused, IllegalTransition):
            return
        self.done.append(name)

    async def _order(self, which: int, amount: int) -> None:
        sets = {"SET": 1 + which % 2} if amount % 3 else {}
        await make_order(self.database, {"MUG": 1 + which % 3, "PLATE": 1 + amount % 2, **sets})

    async def _start(self, which: int, amount: int) -> None:
        rows = await FulfillmentOrder.all().order_by("id")
        await self._run(start_picking, StartPicking(tuple(row.id for row in _window(rows, which, 1 + amount % 2))))

    async def _pick(self, which: int, amount: int) -> None:
        (pick,) = _window(await Pick.all().order_by("id"), which, 1)
        await self._run(confirm_pick, ConfirmPick(pick.id, pick.sku, 1 + amount % 2))

    async def _pack(self, which: int, amount: int) -> None:
        (work,) = _window(await FulfillmentOrder.all().order_by("id"), which, 1)
        lines = await FulfillmentOrderLine.filter(fulfillment_order_id=work.id).order_by("id")
        items = () if amount % 2 else (PackItem(lines[amount % len(lines)].id, 1),)
        await self._run(pack, PackParcel(work.id, items))

    async def _draft(self, which: int, amount: int) -> None:
        (parcel,) = _window(await Parcel.all().order_by("id"), which, 1)
        await self._run(create_shipment, CreateShipment(parcel.id, "test", tracking_number=f"OWN-{amount}"))

    async def _void(self, which: int, _: int) -> None:
        (shipment,) = _window(await Shipment.all().order_by("id"), which, 1)
        await void_label(self.database, Providers(), BY, VoidLabel(shipment.id))

    async def _leave(self, which: int, _: int) -> None:
        (shipment,) = _window(await Shipment.all().order_by("id"), which, 1)
        await self._run(hand_over, HandOver(shipment.id))

    async def _scan(self, which: int, amount: int) -> None:
        (shipment,) = _window(await Shipment.all().order_by("id"), which, 1)
        status = _STATUSES[amount % len(_STATUSES)]
        incident = "carrier_lost" if status is TrackingStatus.NEEDS_ATTENTION else ""
        scan = TrackingUpdate(f"{status}-{amount}", status, _START + timedelta(hours=amount), incident=incident)
        await self._run(record_tracking, RecordTracking(shipment.id, (scan,)))

    async def _reject(self, which: int, amount: int) -> None:
        (work,) = _window(await FulfillmentOrder.all().order_by("id"), which, 1)
        reason = list(RejectionReason)[amount % len(RejectionReason)]
        await self._run(reject_fulfillment, RejectFulfillment(work.id, reason))

    async def _reroute(self, which: int, _: int) -> None:
        (order,) = _window(await Order.all().order_by("id"), which, 1)
        await self._run(reroute, Reroute(order.id))

    async def _run(self, command: Callable[[UnitOfWork, D], Awaitable[T]], data: D) -> T:
        return await self.database.write(BY, lambda uow: command(uow, data))


def _window(rows: list[Row], start: int, count: int) -> list[Row]:
    """Some rows from a place on, around the end; refused where there are none."""
    if not rows:
        raise Refused("NOTHING", "there is nothing to do that to")
    return [rows[(start + place) % len(rows)] for place in range(min(count, len(rows)))]


async def _within_limits() -> None:
    """The counters of every line; the database's CHECKs say the same, and would have raised."""
    for line in await OrderLine.all():
        assert line.allocated + line.backordered + line.shipped + line.cancelled <= line.ordered
        assert 0 <= line.delivered <= line.shipped
    for order in await Order.filter(status="completed"):
        for line in await OrderLine.filter(order_id=order.id):
            assert line.delivered == line.ordered - line.cancelled


async def _walk(url: str, steps: list[Step]) -> list[str]:
    database = await open_database(url, before_commit=Outbox().flush)
    try:
        shop = await make_shop(database, units=8)
        second = await make_location(database, "leeds", priority=200)
        assert second.id != shop.id
        for sku in ("MUG", "PLATE"):
            await make_stock(database, sku, second, 4)
        await make_variant(database, "SET")
        a_set = SetBundle("SET", (BundlePart("MUG", 1), BundlePart("PLATE", 2)))
        await database.write(BY, lambda uow: set_bundle(uow, a_set))
        warehouse = Warehouse(database)
        for step in steps:
            await warehouse.take(step)
        assert await contradictions(database) == []
        await _within_limits()
        return warehouse.done
    finally:
        await database.close()


_NAMES = ["order", "start", "pick", "pack", "draft", "void", "leave", "scan", "reject", "reroute"]
_STEPS = st.lists(
    st.tuples(
        st.sampled_from([*_NAMES, "pick", "pick", "pack", "draft", "leave", "scan"]),
        st.integers(0, 7),
        st.integers(0, 9),
    ),
    min_size=10,
    max_size=60,
)
# Half of a walk is what usually happens, so that the random half finds something to disturb.
_USUAL: list[Step] = [
    ("order", 1, 1),
    ("order", 2, 0),
    ("start", 0, 1),
    *[("pick", place, 1) for place in range(4)],
    *[("pick", place, 0) for place in range(4)],
    ("pack", 0, 0),
    ("pack", 0, 1),
    ("draft", 0, 1),
    ("draft", 1, 2),
    ("leave", 0, 0),
    ("scan", 0, 4),
]


@given(steps=_STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_counters_tell_one_story(steps: list[Step], sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / f"{abs(hash(tuple(steps)))}.sqlite3"
    shutil.copy(sqlite_template, path)
    asyncio.run(_walk(f"sqlite://{path}", [*_USUAL, *steps]))
    path.unlink()


async def test_the_usual_walk_gets_somewhere(database_url: str) -> None:
    done = await _walk(database_url, [*_USUAL, ("leave", 1, 0), ("scan", 1, 4)])
    assert {"order", "start", "pick", "pack", "draft", "leave", "scan"} <= set(done)
