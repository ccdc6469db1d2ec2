"""Counting stock while it moves, deciding about it, and booking it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest

from packhouse.fulfillment.away import units_away
from packhouse.fulfillment.claimants import Shelf, orders_on_shelves
from packhouse.fulfillment.commands.pack import PackItem, PackParcel, pack
from packhouse.fulfillment.commands.reject import RejectFulfillment, reject_fulfillment
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.fulfillment.states import RejectionReason
from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.commands.cancel_count import cancel_count
from packhouse.inventory.commands.create_count import CreateCount, create_count
from packhouse.inventory.commands.decide_count import DecideCount, decide_count
from packhouse.inventory.commands.move_stock import MoveStock, move_stock
from packhouse.inventory.commands.post_count import post_count
from packhouse.inventory.commands.record_count import Counted, RecordCount, record_count
from packhouse.inventory.commands.recount import Recount, recount
from packhouse.inventory.commands.start_count import start_count
from packhouse.inventory.commands.submit_count import SubmitCount, submit_count
from packhouse.inventory.models import Location, StockCount, StockCountLine, StockLevel, StockMovement
from packhouse.inventory.rules import CountPolicy
from packhouse.orders.models import Order
from packhouse.sdk import InvalidValue, now
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.testing.factories import BY, make_order, make_shipped, make_shop, make_stock, make_variant
from packhouse.testing.proofs import contradictions, refused

PickUnits = Callable[[UUID, dict[str, int]], Awaitable[UUID]]
T = TypeVar("T")
BOSS = Initiator("token:boss", "api")


class Counting:
    """A count at a location, step by step."""

    def __init__(self, database: Database, id_: UUID) -> None:
        self.database = database
        self.id = id_

    async def record(self, counter: str = "Ann", **units: int) -> None:
        data = RecordCount(self.id, counter, tuple(Counted(sku, count) for sku, count in units.items()))
        await self.run(lambda uow: record_count(uow, data, units_away))

    async def submit(self, policy: CountPolicy = CountPolicy(), *, leave_out: bool = False) -> str:  # noqa: B008  (frozen)
        return (await self.run(lambda uow: submit_count(uow, SubmitCount(self.id, leave_out), policy))).status

    async def decide(
        self, approver: str = "Bob", *, approved: bool = True, by: Initiator = BOSS, names_are_known: bool = False
    ) -> str:
        data = DecideCount(self.id, approver, approved, "looked at it", names_are_known)
        return (await self.run(lambda uow: decide_count(uow, data), by)).status

    async def run(self, work: Callable[[UnitOfWork], Awaitable[T]], by: Initiator = BY) -> T:
        return await self.database.write(by, work)

    async def line(self, sku: str) -> tuple[int | None, int | None, int, int | None]:
        """Expected, on hand when it was counted, away, variance."""
        line = await StockCountLine.get(stock_count_id=self.id, sku=sku)
        return line.expected, line.on_hand, line.away, line.variance


async def counting(database: Database, location: Location, *skus: str) -> Counting:
    data = CreateCount(location.id, "the yearly count", skus=skus)
    count = await database.write(BY, lambda uow: create_count(uow, data))
    await database.write(BY, lambda uow: start_count(uow, count.id))
    return Counting(database, count.id)


async def on_hand(sku: str) -> int:
    return (await StockLevel.get(variant__sku=sku)).on_hand


async def test_what_moves_meanwhile_is_no_variance(database: Database, pick_units: PickUnits) -> None:
    location = await make_shop(database)
    count = await counting(database, location, "MUG", "PLATE")
    await make_shipped(database, await make_order(database, {"MUG": 3}))
    waiting = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 2})).id)
    await pick_units(waiting.id, {"MUG": 2})
    # seven are left, of which two are in a picker's cart; one is missing
    await count.record(MUG=4, PLATE=10)
    assert await count.line("MUG") == (10, 7, 2, -1)
    assert await count.line("PLATE") == (10, 10, 0, 0)
    await make_stock(database, "MUG", location, 5)
    assert await count.submit() == "submitted"
    assert await count.decide() == "closed"
    assert (await on_hand("MUG"), await on_hand("PLATE")) == (11, 10)
    booked = await StockMovement.filter(kind="count").values_list("on_hand", "reason", "reference", "actor")
    assert booked == [(-1, "the yearly count", str(count.id), "token:boss")]
    told = await database.fetch("SELECT payload FROM event WHERE type = 'stock_count_changed' ORDER BY id")
    assert len(told) == 6
    assert await contradictions(database) == []


async def test_a_figure_of_some_time_ago_is_compared_with_the_ledger_of_then(database: Database) -> None:
    location = await make_shop(database)
    count = await counting(database, location, "MUG")
    then = now()
    await make_shipped(database, await make_order(database, {"MUG": 3}))
    data = RecordCount(count.id, "Ann", (Counted("MUG", 10),), counted_at=then)
    await count.run(lambda uow: record_count(uow, data, units_away))
    assert await count.line("MUG") == (10, 10, 0, 0)
    for moment in (then - timedelta(days=1), now() + timedelta(hours=1)):
        wrong = RecordCount(count.id, "Ann", (Counted("MUG", 10),), counted_at=moment)
        with pytest.raises(InvalidValue, match="countedAt"):
            await count.run(lambda uow, wrong=wrong: record_count(uow, wrong, units_away))  # type: ignore[misc]
    assert await count.submit() == "closed"
    assert await on_hand("MUG") == 7


async def test_parcels_of_work_that_ended_in_part_are_not_on_the_shelf(
    database: Database, pick_units: PickUnits
) -> None:
    location = await make_shop(database)
    work = await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 5})).id)
    await pick_units(work.id, {"MUG": 3})
    line = await FulfillmentOrderLine.get(fulfillment_order_id=work.id)
    await database.write(BY, lambda uow: pack(uow, PackParcel(work.id, (PackItem(line.id, 2),))))
    rejected = RejectFulfillment(work.id, RejectionReason.MISMATCH)
    await database.write(BY, lambda uow: reject_fulfillment(uow, rejected))
    asked = await StockCount.get(fulfillment_order_id=work.id)
    await database.write(BY, lambda uow: start_count(uow, asked.id))
    count = Counting(database, asked.id)
    await count.record(MUG=8)
    assert await count.line("MUG") == (10, 10, 2, 0)
    assert location.id == asked.location_id


async def test_an_article_that_nobody_expected_is_added(database: Database) -> None:
    location = await make_shop(database)
    await make_variant(database, "STRAY")
    count = await counting(database, location, "MUG")
    await make_stock(database, "PLATE", location, 1)
    await count.record(MUG=10, STRAY=2, PLATE=11)
    assert await count.line("STRAY") == (0, 0, 0, 2)
    assert await count.line("PLATE") == (10, 11, 0, 0)
    assert await count.submit(CountPolicy(units=2)) == "closed"
    assert await on_hand("STRAY") == 2
    assert (await StockCount.get(id=count.id)).approver == "automatic"


async def test_somebody_else_decides_and_money_counts(database: Database) -> None:
    location = await make_shop(database)
    count = await counting(database, location, "MUG", "PLATE")
    await count.record(MUG=9)
    await count.record("Cid", PLATE=10)
    policy = CountPolicy(units=5, value=999, currency="GBP")
    assert await count.submit(policy) == "submitted"
    assert (await StockCountLine.get(stock_count_id=count.id, sku="MUG")).unit_value == 1000
    for person in ("ann", "Cid "):
        async with refused(database, "SAME_PERSON", "approver"):
            await count.decide(person)
    # another name does not make another one of whoever counted, unless they speak for people they know
    async with refused(database, "SAME_PERSON", "approver"):
        await count.decide(by=BY)
    assert await count.decide(approved=False, by=BY, names_are_known=True) == "rejected"
    assert await on_hand("MUG") == 10
    again = Recount(count.id, "look behind the pillar")
    assert (await count.run(lambda uow: recount(uow, again))).status == "counting"
    assert [line.sku for line in await StockCountLine.filter(stock_count_id=count.id, counted=None)] == ["MUG"]
    async with refused(database, "NOT_COUNTED"):
        await count.submit(policy)
    await count.record("Dee", MUG=10)
    assert await count.submit(policy) == "closed"


async def test_units_that_are_claimed_keep_a_count_from_being_booked(database: Database) -> None:
    location = await make_shop(database)
    order = await make_order(database, {"MUG": 8})
    count = await counting(database, location, "MUG", "PLATE")
    await count.record(MUG=5, PLATE=9)
    await count.submit()
    assert await count.decide() == "approved"
    assert (await on_hand("MUG"), await on_hand("PLATE")) == (10, 10)
    async with refused(database, "CLAIMED", "stockCountId"):
        await count.run(lambda uow: post_count(uow, count.id))
    mug = await StockLevel.get(variant__sku="MUG")
    shelf = Shelf(mug.variant_id, location.id)
    assert await orders_on_shelves([shelf]) == {shelf: [order.id]}
    # a picker finds the same: the order is routed again, and the count goes on
    work = await FulfillmentOrder.get(order_id=order.id)
    rejected = RejectFulfillment(work.id, RejectionReason.OTHER, "not enough of them")
    await database.write(BY, lambda uow: reject_fulfillment(uow, rejected))
    assert (await count.run(lambda uow: post_count(uow, count.id))).status == "closed"
    assert (await on_hand("MUG"), await on_hand("PLATE")) == (5, 9)
    async with refused(database, "NOT_APPROVED"):
        await count.run(lambda uow: post_count(uow, count.id))
    assert await contradictions(database) == []


async def test_what_is_counted_can_be_chosen(database: Database) -> None:
    location = await make_shop(database)
    await make_variant(database, "BOWL")
    await make_stock(database, "BOWL", location, 3, "B-2")
    await make_shipped(database, await make_order(database, {"PLATE": 9}))

    async def chosen(**choice: object) -> list[str]:
        data = CreateCount(location.id, "why not", **choice)  # type: ignore[arg-type]
        count = await database.write(BY, lambda uow: create_count(uow, data))
        return [
            str(sku)
            for sku in await StockCountLine.filter(stock_count_id=count.id).order_by("id").values_list("sku", flat=True)
        ]

    assert await chosen() == ["MUG", "PLATE", "BOWL"]
    assert await chosen(bins=("B-2",)) == ["BOWL"]
    assert await chosen(most_moved=1) == ["PLATE"]
    move = AdjustStock("BOWL", location.id, "delivered", quantity=100)
    await database.write(BY, lambda uow: adjust_stock(uow, move))
    assert await chosen(most_moved=1) == ["BOWL"]
    for field, choice, code in (
        ("skus.1", {"skus": ("MUG", "CUP")}, "UNKNOWN_SKU"),
        ("locationId", {"bins": ("Z",)}, "NOTHING_TO_COUNT"),
    ):
        async with refused(database, code, field):
            await chosen(**choice)
    for data in (
        CreateCount(location.id, " "),
        CreateCount(location.id, "why not", skus=("MUG",), bins=("A",)),
        CreateCount(location.id, "why not", most_moved=0),
    ):
        with pytest.raises(InvalidValue):
            await database.write(BY, lambda uow, data=data: create_count(uow, data))  # type: ignore[misc]


async def test_what_lies_in_several_bins_is_counted_in_all_of_them(database: Database) -> None:
    location = await make_shop(database)
    away = MoveStock("MUG", location.id, 4, "A-1", "A-2", "tidied up")
    await database.write(BY, lambda uow: move_stock(uow, away))
    data = CreateCount(location.id, "why not", bins=("A-2",))
    made = await database.write(BY, lambda uow: create_count(uow, data))
    await database.write(BY, lambda uow: start_count(uow, made.id))
    count = Counting(database, made.id)
    await count.record(MUG=8)
    assert await count.submit(CountPolicy(units=2)) == "closed"
    assert await on_hand("MUG") == 8
    assert await contradictions(database) == []


async def test_bad_figures_change_nothing(database: Database) -> None:
    location = await make_shop(database)
    draft = CreateCount(location.id, "why not", skus=("MUG",))
    made = await database.write(BY, lambda uow: create_count(uow, draft))
    count = Counting(database, made.id)
    async with refused(database, "NOT_COUNTING"):
        await count.record(MUG=1)
    await count.run(lambda uow: start_count(uow, count.id))
    async with refused(database, "UNKNOWN_SKU", "counted.1.sku"):
        await count.record(MUG=1, CUP=1)
    twice = RecordCount(count.id, "Ann", (Counted("MUG", 1), Counted("MUG", 2)))
    for data in (twice, RecordCount(count.id, "", twice.counted[:1]), RecordCount(count.id, "Ann", ())):
        with pytest.raises(InvalidValue):
            await count.run(lambda uow, data=data: record_count(uow, data, units_away))  # type: ignore[misc]
    with pytest.raises(InvalidValue, match="units"):
        await count.record(MUG=-1)
    async with refused(database, "NOT_COUNTED"):
        await count.submit(leave_out=True)
    await count.run(lambda uow: cancel_count(uow, count.id, "nobody has time"))
    with pytest.raises(IllegalTransition):
        await count.run(lambda uow: start_count(uow, count.id))
    assert await on_hand("MUG") == 10
    assert (await StockCount.get(id=count.id)).status == "cancelled"


async def test_a_picker_asks_once(database: Database) -> None:
    location = await make_shop(database)
    for _ in range(2):
        order: Order = await make_order(database, {"MUG": 1, "PLATE": 1})
        work = await FulfillmentOrder.get(order_id=order.id)
        mug = await FulfillmentOrderLine.get(fulfillment_order_id=work.id, sku="MUG")
        data = RejectFulfillment(work.id, RejectionReason.MISMATCH, "three, not ten", (mug.id,))
        await database.write(BY, lambda uow, data=data: reject_fulfillment(uow, data))  # type: ignore[misc]
    asked = await StockCount.get(status="draft", location_id=location.id)
    assert asked.reason == "a picker found another number of it: three, not ten"
    assert [line.sku for line in await StockCountLine.filter(stock_count_id=asked.id)] == ["MUG"]
    assert await contradictions(database) == []
