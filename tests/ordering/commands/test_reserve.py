"""Stock held for checkouts: nobody who holds it is too late, and nobody holds it for ever."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.inventory.commands.end_reservations import take_back_expired
from packhouse.inventory.commands.extend_reservation import MAX_SECONDS, ExtendReservation, extend_reservation
from packhouse.inventory.commands.release_reservation import release_reservation
from packhouse.inventory.models import Location, Reservation, ReservationLine, StockLevel, StockMovement
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.place import place
from packhouse.ordering.commands.reserve import ReserveStock, reserve
from packhouse.ordering.data import PlaceLine, PlaceOrder
from packhouse.orders.models import Order
from packhouse.routing.models import RoutingDecision
from packhouse.sdk import InvalidValue, Refused, new_id, now
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY, make_location, make_shop, make_stock
from packhouse.testing.proofs import contents, contradictions, refused


async def hold(database: Database, *lines: tuple[str, int], seconds: int = 900) -> Reservation:
    data = ReserveStock(tuple(BasketLine(*line) for line in lines), seconds)
    return await database.write(BY, lambda uow: reserve(uow, data))


async def buy(database: Database, *lines: tuple[str, int], reservation: UUID | None = None) -> UUID:
    data = PlaceOrder(
        channel="web",
        currency="GBP",
        lines=tuple(PlaceLine(*line) for line in lines),
        shipping_address=ADDRESS,
        reservation_id=reservation,
    )
    return await database.write(BY, lambda uow: place(uow, data, lambda _: []))


async def expire(*reservations: Reservation) -> None:
    """Let deadlines pass."""
    for index, reservation in enumerate(reservations):
        past = now() - timedelta(hours=len(reservations) - index)
        await Reservation.filter(id=reservation.id).update(expires_at=past)


async def statuses(*reservations: Reservation) -> list[str]:
    return [(await Reservation.get(id=each.id)).status for each in reservations]


async def mugs() -> tuple[int, int, int]:
    """(on hand, allocated, reserved) everywhere."""
    levels = await StockLevel.filter(variant__sku="MUG")
    return (
        sum(level.on_hand for level in levels),
        sum(level.allocated for level in levels),
        sum(level.reserved for level in levels),
    )


@pytest.fixture
async def london(database: Database) -> Location:
    """Ten mugs and ten plates in London."""
    return await make_shop(database)


async def test_what_is_reserved_is_held_for_its_buyer(database: Database, london: Location) -> None:
    before = now()
    reservation = await hold(database, ("MUG", 7), ("PLATE", 1), ("MUG", 1), seconds=60)
    assert (reservation.status, reservation.created_by) == ("active", "tester")
    assert before + timedelta(seconds=60) <= reservation.expires_at <= now() + timedelta(seconds=60)
    assert await mugs() == (10, 0, 8)
    entry = await StockMovement.get(kind="reserve", variant__sku="MUG")
    assert (entry.reserved, entry.location_id, entry.reference) == (8, london.id, str(reservation.id))
    async with refused(database, "INSUFFICIENT_STOCK", "lines.0.quantity"):
        await buy(database, ("MUG", 3))
    async with refused(database, "INSUFFICIENT_STOCK", "lines.0.quantity"):
        await hold(database, ("MUG", 3))
    await buy(database, ("MUG", 2))
    assert await contradictions(database) == []


@pytest.mark.parametrize(
    ("lines", "code", "field"),
    [
        ([("NOPE", 1)], "UNKNOWN_SKU", "lines.0.sku"),
        ([("PLATE", 1), ("MUG", 11)], "INSUFFICIENT_STOCK", "lines.1.quantity"),
        ([("MUG", 6), ("MUG", 5)], "INSUFFICIENT_STOCK", "lines.0.quantity"),
    ],
)
@pytest.mark.usefixtures("london")
async def test_a_refused_basket_holds_nothing(
    database: Database, lines: list[tuple[str, int]], code: str, field: str
) -> None:
    async with refused(database, code, field):
        await hold(database, *lines)


@pytest.mark.usefixtures("london")
async def test_a_basket_that_cannot_be(database: Database) -> None:
    before = await contents(database)
    for lines, seconds, field in (
        ([], 60, "lines"),
        ([("MUG", 0)], 60, r"lines\.0\.quantity"),
        ([("MUG", 1)], 0, "seconds"),
        ([("MUG", 1)], MAX_SECONDS + 1, "seconds"),
    ):
        with pytest.raises(InvalidValue, match=field):
            await hold(database, *lines, seconds=seconds)
    assert await contents(database) == before


async def test_placing_turns_the_reservation_into_the_orders_allocation(database: Database, london: Location) -> None:
    reservation = await hold(database, ("MUG", 6), ("PLATE", 2))
    # a better place opens meanwhile, and the rest of London is sold: the held units stay where they are held
    await make_stock(database, "MUG", await make_location(database, "near", priority=1), 50)
    await buy(database, ("PLATE", 8))
    order_id = await buy(database, ("MUG", 6), ("PLATE", 2), reservation=reservation.id)
    assert {work.location_id for work in await FulfillmentOrder.filter(order_id=order_id)} == {london.id}
    ended = await Reservation.get(id=reservation.id)
    assert (ended.status, ended.order_id, ended.ended_at is not None) == ("consumed", order_id, True)
    level = await StockLevel.get(variant__sku="MUG", location_id=london.id)
    assert (level.allocated, level.reserved) == (6, 0)
    entry = await StockMovement.get(order_id=order_id, variant__sku="MUG")
    assert (entry.kind, entry.allocated, entry.reserved) == ("allocate", 6, -6)
    receipt = (await RoutingDecision.get(order_id=order_id)).receipt
    assert (receipt["reservation"], receipt["reserved"]) == (str(reservation.id), {"london": 8})
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_a_smaller_order_frees_the_rest(database: Database) -> None:
    reservation = await hold(database, ("MUG", 6), ("PLATE", 2))
    await buy(database, ("MUG", 4), reservation=reservation.id)
    assert await mugs() == (10, 4, 0)
    freed = await StockMovement.filter(kind="unreserve").order_by("reserved")
    assert [(each.reserved, each.reason) for each in freed] == [
        (-2, "reservation released"),
        (-2, "reservation released"),
    ]
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_a_larger_order_takes_the_rest_from_what_is_free(database: Database) -> None:
    reservation = await hold(database, ("MUG", 6))
    async with refused(database, "INSUFFICIENT_STOCK", "lines.0.quantity"):
        await buy(database, ("MUG", 11), reservation=reservation.id)
    await buy(database, ("MUG", 9), ("PLATE", 1), reservation=reservation.id)
    assert await mugs() == (10, 9, 0)
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_a_reservation_is_consumed_once(database: Database) -> None:
    reservation = await hold(database, ("MUG", 2))
    await buy(database, ("MUG", 2), reservation=reservation.id)
    async with refused(database, "RESERVATION_ENDED", "reservationId"):
        await buy(database, ("MUG", 2), reservation=reservation.id)
    async with refused(database, "NOT_FOUND", "reservationId"):
        await buy(database, ("MUG", 2), reservation=new_id())


@pytest.mark.usefixtures("london")
async def test_whoever_needs_expired_units_takes_them_back(database: Database) -> None:
    oldest, older, plates, active = [
        await hold(database, line) for line in (("MUG", 3), ("MUG", 3), ("PLATE", 3), ("MUG", 2))
    ]
    await expire(oldest, older, plates)
    await buy(database, ("MUG", 2))
    assert await statuses(oldest, older, plates, active) == ["active"] * 4, "nobody needed them yet"
    await buy(database, ("MUG", 2))
    assert await statuses(oldest, older, plates, active) == ["expired", "active", "active", "active"]
    late = await hold(database, ("MUG", 4))
    assert await statuses(oldest, older, plates, active, late) == ["expired", "expired", "active", "active", "active"]
    assert await mugs() == (10, 4, 6)
    async with refused(database, "INSUFFICIENT_STOCK", "lines.0.quantity"):
        await buy(database, ("MUG", 1))
    entries = await StockMovement.filter(kind="unreserve").order_by("id")
    assert [(each.reserved, each.reason, each.reference) for each in entries] == [
        (-3, "reservation expired", str(oldest.id)),
        (-3, "reservation expired", str(older.id)),
    ]
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_a_late_buyer_is_served_as_long_as_nobody_was_faster(database: Database) -> None:
    first, second = await hold(database, ("MUG", 5)), await hold(database, ("MUG", 5))
    await expire(first, second)
    await buy(database, ("MUG", 5), reservation=second.id)
    await buy(database, ("MUG", 1))
    async with refused(database, "RESERVATION_ENDED", "reservationId"):
        await buy(database, ("MUG", 4), reservation=first.id)
    assert await statuses(first, second) == ["expired", "consumed"]
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_at_once_buyers_with_reservations_all_win(database: Database) -> None:
    held = [await hold(database, ("MUG", 1), ("PLATE", 1)) for _ in range(6)]

    async def attempt(reservation: Reservation | None, number: int) -> bool:
        skus = ("MUG", "PLATE") if number % 2 else ("PLATE", "MUG")
        try:
            await buy(database, *((sku, 1) for sku in skus), reservation=reservation.id if reservation else None)
        except Refused as refusal:
            assert refusal.code == "INSUFFICIENT_STOCK"  # noqa: PT017  (the refusal is the expected half of the outcome)
            return False
        return True

    others = [attempt(None, number) for number in range(30)]
    owners = [attempt(reservation, number) for number, reservation in enumerate(held)]
    results = await asyncio.gather(*others[:15], *owners, *others[15:])
    assert results[15:21] == [True] * 6
    assert results.count(True) == 10
    assert await mugs() == (10, 10, 0)
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_at_once_buyers_share_what_one_expired_reservation_held(database: Database) -> None:
    expired = [await hold(database, ("MUG", 5), ("PLATE", 5)) for _ in range(2)]
    await expire(*expired)

    async def attempt(number: int) -> bool:
        try:
            if number % 2:
                await buy(database, ("MUG", 1))
            else:
                await hold(database, ("MUG", 1))
        except Refused as refusal:
            assert refusal.code == "INSUFFICIENT_STOCK"  # noqa: PT017  (the refusal is the expected half of the outcome)
            return False
        return True

    results = await asyncio.gather(*(attempt(number) for number in range(24)))
    assert results.count(True) == 10
    on_hand, allocated, reserved = await mugs()
    assert (on_hand, allocated + reserved) == (10, 10)
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_a_reservation_is_released_once(database: Database) -> None:
    reservation = await hold(database, ("MUG", 4))
    for _ in range(2):
        released = await database.write(BY, lambda uow: release_reservation(uow, reservation.id))
        assert released.status == "released"
    assert await mugs() == (10, 0, 0)
    assert await StockMovement.filter(kind="unreserve").count() == 1
    async with refused(database, "NOT_FOUND", "reservationId"):
        await database.write(BY, lambda uow: release_reservation(uow, new_id()))
    consumed = await hold(database, ("MUG", 4))
    await buy(database, ("MUG", 4), reservation=consumed.id)
    async with refused(database, "RESERVATION_ENDED", "reservationId"):
        await database.write(BY, lambda uow: release_reservation(uow, consumed.id))
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_a_buyer_gets_more_time(database: Database) -> None:
    reservation = await hold(database, ("MUG", 10), seconds=60)

    async def extend(seconds: int) -> Reservation:
        data = ExtendReservation(reservation.id, seconds)
        return await database.write(BY, lambda uow: extend_reservation(uow, data))

    longer = await extend(600)
    assert longer.expires_at > now() + timedelta(seconds=500)
    assert (await extend(60)).expires_at == longer.expires_at, "a later deadline stays"
    await expire(reservation)
    assert (await extend(60)).expires_at > now()
    with pytest.raises(InvalidValue, match="seconds"):
        await extend(0)
    await expire(reservation)
    await buy(database, ("MUG", 1))
    async with refused(database, "RESERVATION_ENDED", "reservationId"):
        await extend(60)
    assert await contradictions(database) == []


@pytest.mark.usefixtures("london")
async def test_the_sweeper_takes_back_what_nobody_needed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packhouse.inventory.commands.end_reservations._SWEPT_AT_ONCE", 2)
    due = [await hold(database, ("MUG", 1), ("PLATE", 1)) for _ in range(5)]
    active = await hold(database, ("MUG", 1))
    await expire(*due)
    assert await take_back_expired(database, BY) == 5
    assert await take_back_expired(database, BY) == 0
    assert await statuses(*due, active) == ["expired"] * 5 + ["active"]
    assert await mugs() == (10, 0, 1)
    assert await Order.all().count() == 0
    assert await ReservationLine.all().count() == 11, "what they held stays known"
    assert await contradictions(database) == []
