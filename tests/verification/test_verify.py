"""Every kind of corruption is found, nothing else is, and what can be put right is put right with reason and actor."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from packhouse.inventory.commands.adjust_stock import AdjustStock, adjust_stock
from packhouse.inventory.models import Location, StockMovement
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import read_id
from packhouse.testing.factories import BY, make_delivered, make_order, make_shop
from packhouse.verification import channel_stock
from packhouse.verification.invariants import Violation
from packhouse.verification.verify import INVARIANTS, _repair, repair, verify

REPAIRER = Initiator("operator", "cli")
REASON = "an auditor asked"
_LONDON = "(SELECT id FROM location WHERE code = 'london')"
_MUGS = f"variant_id = (SELECT id FROM variant WHERE sku = 'MUG') AND location_id = {_LONDON}"


def _first(table: str, condition: str) -> str:
    return f"id = (SELECT id FROM {table} WHERE {condition} ORDER BY id LIMIT 1)"


@dataclass(frozen=True)
class Corruption:
    """A change behind the product's back, the invariants that it breaks, and how to undo it where no repair can."""

    change: str
    breaks: tuple[str, ...]
    undo: str = ""


_WAITING = _first("fulfillment_order_line", "shipped = 0 AND cancelled = 0 AND quantity = 3")
_SENT = _first("fulfillment_order_line", "shipped = 2 AND sku = 'MUG'")
_PART = _first("fulfillment_order_line", "picked = 1 AND shipped = 0")
_SENT_LINE = _first("order_line", "shipped = 2 AND delivered = 0 AND sku = 'MUG'")
_CLAIM = f"fulfillment_order_line_id = (SELECT id FROM fulfillment_order_line WHERE {_WAITING})"
_USED_CLAIM = f"fulfillment_order_line_id = (SELECT id FROM fulfillment_order_line WHERE {_SENT})"
_SHIPPED_WORK = f"id = (SELECT fulfillment_order_id FROM fulfillment_order_line WHERE {_SENT})"
_WAITING_WORK = f"id = (SELECT fulfillment_order_id FROM fulfillment_order_line WHERE {_WAITING})"
_WAITING_ORDER = f"id = (SELECT order_id FROM fulfillment_order WHERE {_WAITING_WORK})"
_SENT_ORDER = f"id = (SELECT order_id FROM fulfillment_order WHERE {_SHIPPED_WORK})"
_BACKORDER = _first("backorder", "sku = 'LAMP' AND quantity = 5 AND status = 'waiting'")
_BACKORDERED = (
    "id = (SELECT fulfillment_order_id FROM fulfillment_order_line WHERE id ="
    f" (SELECT fulfillment_order_line_id FROM backorder WHERE {_BACKORDER}))"
)
_WAITS_FOR = "a line of waiting work waits for what it has to send and does not claim"
_NOT_COUNTED = ("an order line's backordered units are those that wait", "backordered is what waiting orders wait for")
_BALANCE_NAMES = (
    "on hand",
    "allocated",
    "reserved",
    "damaged",
    "quarantined",
    "safety stock",
    "incoming",
    "backordered",
)
_SENT_LOT = "movement_id IN (SELECT id FROM stock_movement WHERE kind = 'ship') AND lot <> ''"


_BY_CLAIMS = {
    "allocated": ("allocated is the sum of the claims on it",),
    "reserved": ("reserved is what active reservations hold",),
    "incoming": ("incoming is what inbound shipments still have to bring",),
    "backordered": ("backordered is what waiting orders wait for",),
}


def _is_the_sum(bucket: str) -> str:
    return f"{bucket} is the sum of its movements"


CORRUPTIONS = {
    # the first, because what a repair moves is not counted yet
    "what a channel may sell": Corruption(
        "UPDATE channel_stock SET available = available + 1",
        ("a channel may sell what can be promised to it less its buffer",),
    ),
    "what a listing may show": Corruption(
        "UPDATE listing_stock SET quantity = 0",
        ("a listing may show what can be promised to its channel less its buffer",),
    ),
    **{
        f"the balance {bucket}": Corruption(
            f"UPDATE stock_level SET {bucket.replace(' ', '_')} = {bucket.replace(' ', '_')} + 1 WHERE {_MUGS}",
            (_is_the_sum(bucket), *_BY_CLAIMS.get(bucket, ())),
        )
        for bucket in _BALANCE_NAMES
    },
    "a movement that is gone": Corruption(
        f"DELETE FROM stock_movement WHERE {_first('stock_movement', f'{_MUGS} AND damaged = 1')}",
        (_is_the_sum("damaged"),),
    ),
    "a changed movement": Corruption(
        f"UPDATE stock_movement SET allocated = allocated + 2 WHERE {_first('stock_movement', f'{_MUGS} AND allocated > 0')}",
        (_is_the_sum("allocated"),),
    ),
    "a claim of too many": Corruption(
        f"UPDATE allocation SET quantity = quantity + 1 WHERE {_CLAIM}",
        (
            "a fulfillment order line claims what it has still to send",
            "an order line's allocated units are the sum of its claims",
            "allocated is the sum of the claims on it",
        ),
    ),
    "a claim that is gone": Corruption(
        f"DELETE FROM allocation WHERE {_CLAIM}",
        (
            "a fulfillment order line claims what it has still to send",
            "an order line's allocated units are the sum of its claims",
            "allocated is the sum of the claims on it",
        ),
    ),
    "a consumed claim that is gone": Corruption(
        f"DELETE FROM allocation WHERE {_USED_CLAIM}",
        ("a fulfillment order line's consumed claims are what it has shipped",),
    ),
    "a consumed claim of too many": Corruption(
        f"UPDATE allocation SET quantity = quantity + 3 WHERE {_USED_CLAIM}",
        ("a fulfillment order line's consumed claims are what it has shipped",),
    ),
    "a released claim that is open again": Corruption(
        "UPDATE allocation SET status = 'allocated' WHERE status = 'released' AND quantity = 4",
        (
            "a fulfillment order line claims what it has still to send",
            "an order line's allocated units are the sum of its claims",
            "allocated is the sum of the claims on it",
        ),
    ),
    "a claim for no work": Corruption(
        f"UPDATE allocation SET fulfillment_order_line_id = '{UUID(int=7)}' WHERE {_CLAIM}",
        (
            "every claim is for a line of work at its location",
            "a fulfillment order line claims what it has still to send",
        ),
    ),
    "a claim at another location": Corruption(
        f"UPDATE allocation SET location_id = (SELECT id FROM location WHERE code = 'leeds') WHERE {_CLAIM}",
        ("every claim is for a line of work at its location", "allocated is the sum of the claims on it"),
    ),
    "work shipped by hand": Corruption(
        f"UPDATE fulfillment_order_line SET shipped = 1 WHERE {_WAITING}",
        (
            "a fulfillment order line's shipped units are those of its shipments",
            "a fulfillment order line claims what it has still to send",
            "a fulfillment order line's consumed claims are what it has shipped",
        ),
    ),
    "packed by hand": Corruption(
        f"UPDATE fulfillment_order_line SET packed = 1 WHERE {_PART}", ("units in parcels are those that were packed",)
    ),
    "picked by hand": Corruption(
        f"UPDATE fulfillment_order_line SET picked = 2 WHERE {_PART}",
        ("units on pick lists are those that were picked",),
    ),
    "closed work that is open again": Corruption(
        f"UPDATE fulfillment_order SET status = 'packed' WHERE {_SHIPPED_WORK}",
        ("work with nothing left to send has ended",),
    ),
    "open work that was closed": Corruption(
        f"UPDATE fulfillment_order SET status = 'closed' WHERE {_WAITING_WORK}",
        ("work that has ended has nothing left to send",),
        f"UPDATE fulfillment_order SET status = 'open' WHERE {_WAITING_WORK}",
    ),
    "a cancelled order with work": Corruption(
        f"UPDATE orders SET status = 'cancelled' WHERE {_WAITING_ORDER}",
        ("only a confirmed order has open work",),
        f"UPDATE orders SET status = 'confirmed' WHERE {_WAITING_ORDER}",
    ),
    "allocated units": Corruption(
        f"UPDATE order_line SET allocated = 0 WHERE order_id = (SELECT id FROM orders WHERE {_WAITING_ORDER}) AND sku = 'MUG'",
        ("an order line's allocated units are the sum of its claims",),
    ),
    "shipped units": Corruption(
        f"UPDATE order_line SET shipped = 1 WHERE {_SENT_LINE}",
        ("an order line's shipped units are those of its shipments",),
    ),
    "shipped units counted as allocated": Corruption(
        f"UPDATE order_line SET shipped = 0, allocated = 2 WHERE {_SENT_LINE}",
        (
            "an order line's allocated units are the sum of its claims",
            "an order line's shipped units are those of its shipments",
        ),
    ),
    "delivered units": Corruption(
        f"UPDATE order_line SET delivered = 1 WHERE {_SENT_LINE}",
        ("an order line's delivered units are those of its delivered shipments",),
    ),
    "returned units": Corruption(
        f"UPDATE order_line SET returned = 1 WHERE {_SENT_LINE}",
        ("an order line's returned units are those that its returns received",),
    ),
    "backordered units": Corruption(
        "UPDATE order_line SET backordered = backordered - 1 WHERE backordered > 0",
        ("an order line's backordered units are those that wait",),
    ),
    "a backorder of too many": Corruption(
        f"UPDATE backorder SET quantity = 6, asked = 6 WHERE {_BACKORDER}", (_WAITS_FOR, *_NOT_COUNTED)
    ),
    "a backorder that is gone": Corruption(f"DELETE FROM backorder WHERE {_BACKORDER}", (_WAITS_FOR, *_NOT_COUNTED)),
    "a backorder for no work": Corruption(
        f"UPDATE backorder SET fulfillment_order_line_id = '{UUID(int=7)}' WHERE {_BACKORDER}",
        ("every backorder is for a line of waiting work at its location", _WAITS_FOR),
    ),
    "waiting work opened by hand": Corruption(
        f"UPDATE fulfillment_order SET status = 'open' WHERE {_BACKORDERED}",
        (
            "work begins when nothing of it waits",
            "every backorder is for a line of waiting work at its location",
            "a fulfillment order line claims what it has still to send",
        ),
    ),
    "open work that waits by hand": Corruption(
        f"UPDATE fulfillment_order SET status = 'backordered' WHERE {_WAITING_WORK}",
        ("work of which nothing waits has begun",),
    ),
    "a balance that is waited for": Corruption(
        "DELETE FROM stock_level WHERE variant_id = (SELECT id FROM variant WHERE sku = 'LAMP')",
        (
            "what the ledger has moved has a balance",
            "what is claimed has a balance",
            "what is waited for has a balance",
        ),
    ),
    "a bundle's counters": Corruption(
        "UPDATE order_line SET allocated = 1, shipped = 0, delivered = 0 WHERE sku = 'SET'",
        (
            "an order line's allocated units are the sum of its claims",
            "an order line's shipped units are those of its shipments",
            "an order line's delivered units are those of its delivered shipments",
            "all of a completed order has arrived",
        ),
    ),
    "an order completed by hand": Corruption(
        f"UPDATE orders SET status = 'completed' WHERE {_SENT_ORDER}",
        ("all of a completed order has arrived",),
        f"UPDATE orders SET status = 'confirmed' WHERE {_SENT_ORDER}",
    ),
    "a line's total": Corruption(
        f"UPDATE order_line SET total = total - 1 WHERE {_SENT_LINE}", ("an order line's total is what its units cost",)
    ),
    "a subtotal": Corruption(
        f"UPDATE orders SET subtotal = subtotal + 100 WHERE {_SENT_ORDER}",
        ("an order's subtotal is the sum of its lines",),
    ),
    "a refund that was made": Corruption(
        "UPDATE refund SET status = 'requested' WHERE status = 'done'",
        ("a refund that the payment log knows as made is made", "the money of a return's line is where its refund is"),
    ),
    "a refund that was not made": Corruption(
        "UPDATE refund SET status = 'done' WHERE status = 'failed'",
        ("a refund that is done is so in the payment log",),
        "UPDATE refund SET status = 'failed' WHERE status = 'done' AND return_id IS NULL",
    ),
    "a refund's amount": Corruption(
        "UPDATE refund SET amount = amount + 1 WHERE status = 'in_doubt'",
        ("a refund's amount is the one that was asked for",),
    ),
    "a missing success": Corruption(
        "DELETE FROM payment_event WHERE kind = 'refund' AND outcome = 'success'",
        ("a refund that is done is so in the payment log",),
    ),
    "a missing failure": Corruption(
        "DELETE FROM payment_event WHERE kind = 'refund' AND outcome = 'failure'",
        ("a refund that is failed is so in the payment log",),
    ),
    "a missing doubt": Corruption(
        "DELETE FROM payment_event WHERE kind = 'refund' AND outcome = 'in_doubt'",
        ("a refund that is in doubt is so in the payment log",),
    ),
    "a missing request": Corruption(
        "DELETE FROM payment_event WHERE kind = 'refund' AND outcome = 'request' AND attempt ="
        " (SELECT CAST(id AS VARCHAR(36)) FROM refund WHERE status = 'done')",
        ("every refund was asked for in the payment log",),
    ),
    "an attempt of no refund": Corruption(
        "UPDATE payment_event SET attempt = attempt || 'x' WHERE kind = 'refund' AND outcome = 'failure'",
        ("every attempt in the payment log belongs to a refund", "a refund that is failed is so in the payment log"),
        "UPDATE payment_event SET attempt = REPLACE(attempt, 'x', '') WHERE kind = 'refund'",
    ),
    "a reservation that ended": Corruption(
        "UPDATE reservation SET status = 'active' WHERE status = 'released'",
        ("reserved is what active reservations hold",),
        "UPDATE reservation SET status = 'released' WHERE ended_at IS NOT NULL",
    ),
    "a reservation of too many": Corruption(
        "UPDATE reservation_line SET quantity = quantity + 1 WHERE reservation_id ="
        " (SELECT id FROM reservation WHERE status = 'active')",
        ("reserved is what active reservations hold",),
    ),
    "goods that came": Corruption(
        "UPDATE inbound_line SET received = received + 1 WHERE received > 0",
        ("incoming is what inbound shipments still have to bring",),
    ),
    "an inbound shipment closed by hand": Corruption(
        "UPDATE inbound_shipment SET status = 'closed'", ("incoming is what inbound shipments still have to bring",)
    ),
    **{
        f"{condition} in a bin": Corruption(
            f"UPDATE stock_holding SET {change} WHERE bin = 'T2'",
            (
                f"{condition} in a bin and of a lot is the sum of its movements",
                "a divided level is the sum of its bins and lots",
            ),
        )
        for condition, change in (
            ("on hand", "on_hand = on_hand + 1"),
            ("damaged", "damaged = damaged + 1"),
            ("quarantined", "quarantined = quarantined + 1"),
        )
    },
    "a bin that is gone": Corruption(
        "DELETE FROM stock_holding WHERE bin = 'T3'",
        ("units that movements brought somewhere are there", "a divided level is the sum of its bins and lots"),
    ),
    "a level that is not divided": Corruption(
        "UPDATE stock_level SET is_divided = false WHERE id IN (SELECT stock_level.id FROM stock_level JOIN variant"
        " ON variant.id = stock_level.variant_id WHERE variant.sku = 'TEA')",
        ("only a divided level has holdings",),
    ),
    "more picked than there is": Corruption(
        "UPDATE stock_holding SET damaged = on_hand WHERE bin = 'T1'",
        (
            "damaged in a bin and of a lot is the sum of its movements",
            "a divided level is the sum of its bins and lots",
            "units that are being picked are there",
        ),
    ),
    "units kept for no pick": Corruption(
        f"UPDATE holding_claim SET pick_id = '{UUID(int=7)}'", ("only work under way keeps units in a bin for itself",)
    ),
    "a lot that was sent": Corruption(
        f"UPDATE holding_entry SET on_hand = on_hand - 1 WHERE {_SENT_LOT}",
        (
            "where a movement happened comes to what it moved",
            "on hand in a bin and of a lot is the sum of its movements",
        ),
        f"UPDATE holding_entry SET on_hand = on_hand + 1 WHERE {_SENT_LOT}",
    ),
    "another figure in a closed count": Corruption(
        "UPDATE stock_count_line SET counted = counted + 1",
        ("what a count found is in the ledger when it is closed, and only then",),
        "UPDATE stock_count_line SET counted = counted - 1",
    ),
    "a figure that was never counted": Corruption(
        "UPDATE stock_count_line SET counted = NULL, on_hand = NULL, counted_at = NULL",
        (
            "a count that was handed in has counted all its lines",
            "what a count found is in the ledger when it is closed, and only then",
        ),
        "UPDATE stock_count_line SET counted = 6, on_hand = 5, counted_at ="
        " (SELECT submitted_at FROM stock_count WHERE stock_count.id = stock_count_id)",
    ),
    "the money of a return": Corruption(
        "UPDATE return_line SET money = 'pending' WHERE money = 'refunded'",
        ("the money of a return's line is where its refund is",),
    ),
    "money without a refund": Corruption(
        "UPDATE return_line SET refund_id = NULL",
        ("only a refund moves the money of a return's line",),
        "UPDATE return_line SET refund_id = (SELECT id FROM refund WHERE status = 'done')",
    ),
}


GONE = {
    "what the ledger has moved has a balance",
    "what is claimed has a balance",
    "what is reserved has a balance",
}


async def change(database: Database, sql: str) -> None:
    async def run(uow: UnitOfWork) -> None:
        await uow.execute(sql)

    await database.write(BY, run)


async def found(database: Database, *, batch: int = 1_000) -> list[Violation]:
    return [each async for each in verify(database, batch=batch)]


def names(violations: list[Violation]) -> list[str]:
    return sorted(each.invariant.name for each in violations)


async def test_a_sound_database_has_nothing_to_find(house: Database) -> None:
    assert await found(house) == []


async def test_every_corruption_is_found_and_nothing_else_is(house: Database) -> None:
    broken: set[str] = set()
    for what, corruption in CORRUPTIONS.items():
        await change(house, corruption.change)
        seen = await found(house, batch=3)
        broken.update(each.invariant.name for each in seen)
        assert set(names(seen)) == set(corruption.breaks), what
        if corruption.undo:
            await change(house, corruption.undo)
        told = await _repairs_told(house)
        attempts = [each async for each in repair(house, REPAIRER, REASON, batch=3)]
        assert [each.obstacle for each in attempts if each.obstacle] == [], what
        if any(each.violation.invariant not in channel_stock.INVARIANTS for each in attempts):
            assert await _repairs_told(house) > told, what
        assert await found(house) == [], what
    # the next test but one breaks these
    assert {each.name for each in INVARIANTS} == broken | GONE


async def _repairs_told(house: Database) -> int:
    """How many events say that something was put right, who did it and why. What is counted from the log is not told."""
    [row] = await house.fetch(
        "SELECT count(*) AS n FROM event WHERE reason = $1 AND actor = $2", REASON, REPAIRER.actor
    )
    return int(row["n"])


async def test_many_at_once_are_all_found_and_named_with_their_ids(house: Database) -> None:
    chosen = ("the balance quarantined", "delivered units", "a subtotal", "a consumed claim that is gone")
    for what in chosen:
        await change(house, CORRUPTIONS[what].change)
    seen = {each.invariant.name: each for each in await found(house)}
    assert sorted(seen) == sorted(name for what in chosen for name in CORRUPTIONS[what].breaks)
    balance = seen["quarantined is the sum of its movements"]
    [level] = await house.fetch(f"SELECT id, variant_id, location_id FROM stock_level WHERE {_MUGS}")
    assert balance.ids == {
        "stock_level": str(level["id"]),
        "variant_id": str(level["variant_id"]),
        "location_id": str(level["location_id"]),
    }
    assert balance.message == "quarantined is 1, its movements come to 0"
    assert balance.proposal == "make quarantined 0, as the ledger says, by a correcting movement"


async def test_a_balance_that_is_gone_comes_back_from_the_ledger(house: Database) -> None:
    [before] = await house.fetch(f"SELECT on_hand, allocated, damaged FROM stock_level WHERE {_MUGS}")
    await change(house, f"DELETE FROM stock_level WHERE {_MUGS}")
    seen = names(await found(house))
    assert set(seen) == GONE
    assert all([not each.obstacle async for each in repair(house, REPAIRER, REASON)])
    [after] = await house.fetch(f"SELECT on_hand, allocated, damaged FROM stock_level WHERE {_MUGS}")
    assert tuple(after) == tuple(before)
    assert await found(house) == []


async def test_a_correcting_movement_says_what_why_and_who(house: Database) -> None:
    await change(house, f"UPDATE stock_level SET on_hand = on_hand + 59 WHERE {_MUGS}")
    await change(house, CORRUPTIONS["a changed movement"].change)
    [level] = await house.fetch(f"SELECT on_hand, allocated FROM stock_level WHERE {_MUGS}")
    assert all([not each.obstacle async for each in repair(house, REPAIRER, REASON)])
    entry = await StockMovement.get(kind="correct")
    # the row was wrong about what is on hand, the ledger about what is allocated
    assert (entry.on_hand, entry.allocated, entry.actor) == (0, -2, "operator")
    assert entry.reason == f"{REASON}: on_hand was {level['on_hand']}"
    [event] = await house.fetch("SELECT type, reason, actor FROM event ORDER BY recorded_at DESC, ordinal DESC LIMIT 1")
    assert (event["type"], event["reason"], event["actor"]) == ("stock_adjusted", REASON, "operator")
    assert [each async for each in repair(house, REPAIRER, REASON)] == []
    assert await StockMovement.filter(kind="correct").count() == 1


async def test_a_corrected_line_says_what_why_and_who(house: Database) -> None:
    await change(house, CORRUPTIONS["delivered units"].change)
    [attempt] = [each async for each in repair(house, REPAIRER, REASON)]
    [event] = await house.fetch("SELECT * FROM event ORDER BY recorded_at DESC, ordinal DESC LIMIT 1")
    assert (event["type"], event["reason"], event["actor"]) == ("order_changed", REASON, "operator")
    assert read_id(event["order_id"]) == read_id(attempt.violation.row["order_id"])
    assert '"stored":"1"' in event["payload"].replace(" ", "")


async def test_what_cannot_be_repaired_is_left_as_it_is(house: Database) -> None:
    # claims of more than there is: no movement makes goods
    london = await Location.get(code="london")
    await change(house, f"UPDATE stock_movement SET on_hand = 1 WHERE {_MUGS} AND on_hand > 5")
    before = await house.fetch("SELECT * FROM stock_level ORDER BY id")
    attempts = [each async for each in repair(house, REPAIRER, REASON)]
    assert [each.violation.invariant.name for each in attempts] == ["on hand is the sum of its movements"]
    assert "count the shelf" in attempts[0].obstacle
    assert attempts[0].violation.ids["location_id"] == str(london.id)
    assert [tuple(row) for row in await house.fetch("SELECT * FROM stock_level ORDER BY id")] == list(
        map(tuple, before)
    )
    assert names(await found(house)) == ["on hand is the sum of its movements"]


async def test_it_may_look_while_others_work(database: Database) -> None:
    """One statement sees one moment: nothing that is under way is mistaken for a difference."""
    london = await make_shop(database, units=500)
    done = asyncio.Event()

    async def trade() -> None:
        for number in range(12):
            order = await make_order(database, {"MUG": 1 + number % 3, "PLATE": 1})
            await make_delivered(database, order)
            data = AdjustStock("MUG", london.id, "delivered", quantity=3)
            await database.write(BY, lambda uow, data=data: adjust_stock(uow, data))
        done.set()

    async def look() -> list[Violation]:
        seen = []
        while not done.is_set():
            seen += await found(database, batch=7)
        return seen

    _, seen = await asyncio.gather(trade(), look())
    assert [each.message for each in seen] == []
    assert await found(database) == []


async def test_what_was_put_right_meanwhile_is_not_touched(house: Database) -> None:
    await change(house, CORRUPTIONS["delivered units"].change)
    [violation] = await found(house)
    await change(
        house, f"UPDATE order_line SET delivered = 0 WHERE {_SENT_LINE.replace('delivered = 0', 'delivered = 1')}"
    )
    events = (await house.fetch("SELECT count(*) AS n FROM event"))[0]["n"]
    assert await _repair(house, REPAIRER, violation, REASON) == ""
    assert (await house.fetch("SELECT count(*) AS n FROM event"))[0]["n"] == events
