import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from packhouse.channels.commands.import_orders import ImportedOrder, ImportOrders, ImportOutcome, import_orders
from packhouse.channels.importing import HistoryImport
from packhouse.channels.rejects import Rejects
from packhouse.events.models import EventRow
from packhouse.events.outbox import Outbox
from packhouse.feedback.commands.import_reviews import import_reviews
from packhouse.feedback.models import Review
from packhouse.inventory.models import Location, StockLevel
from packhouse.orders.models import Order, OrderLine
from packhouse.payments.models import PaymentEvent
from packhouse.sdk import (
    Address,
    EventType,
    HistoryLine,
    HistoryLocation,
    HistoryOrder,
    HistoryPayment,
    HistoryProduct,
    HistoryReview,
    HistoryShipment,
    HistoryStatus,
    Money,
    RejectedRow,
    SourceRow,
)
from packhouse.shipping.models import DeliveryPromise, Shipment
from packhouse.storage import Database, UnitOfWork
from packhouse.testing.factories import BY, make_order, make_shop

PLACED = datetime(2017, 7, 9, 21, 57, tzinfo=UTC)
CONFIRMED, HANDED_OVER, DELIVERED = (PLACED + timedelta(days=days) for days in (1, 2, 9))


def gbp(text: str) -> Money:
    return Money.of(text, "GBP")


def order(external_id: str = "A-1", status: HistoryStatus = HistoryStatus.CONFIRMED, **changes: object) -> HistoryOrder:
    values: dict[str, object] = {
        "external_id": external_id,
        "number": external_id,
        "status": status,
        "currency": "GBP",
        "placed_at": PLACED,
        "confirmed_at": CONFIRMED,
        "source": SourceRow("orders.csv", 2, (external_id,)),
        "lines": (
            HistoryLine("1", "MUG", "A mug", 2, gbp("5.00"), product=HistoryProduct("MUG", "Mug", weight_grams=300)),
            HistoryLine("2", "POSTER", "A poster", 1, gbp("7.50")),
        ),
        "shipping": gbp("3.00"),
        "customer_external_id": "C-1",
    }
    return HistoryOrder(**{**values, **changes})  # type: ignore[arg-type]  # tests give each field its own type


def parcel(*, delivered: bool, at: datetime | None = DELIVERED) -> HistoryShipment:
    place = HistoryLocation("seller-1", "Seller", "drop_shipper", Address(city="Leeds", country="GB"))
    return HistoryShipment(
        (("1", 2), ("2", 1)),
        is_delivered=delivered,
        handed_over_at=HANDED_OVER,
        delivered_at=at if delivered else None,
        location=place,
    )


async def imported(database: Database, *orders: HistoryOrder) -> list[ImportedOrder]:
    return await database.write(BY, lambda uow: import_orders(uow, ImportOrders("old", orders), import_reviews))


async def timeline(order_id: object) -> list[tuple[str, datetime, str]]:
    rows = await EventRow.filter(order_id=order_id).order_by("occurred_at", "ordinal")
    return [(row.type, row.occurred_at, row.reason) for row in rows]


async def counters(order_id: object) -> list[tuple[int, int, int, int]]:
    lines = await OrderLine.filter(order_id=order_id).order_by("position")
    return [(line.ordered, line.shipped, line.delivered, line.cancelled) for line in lines]


async def test_a_delivered_order_is_completed_with_its_own_times(database: Database) -> None:
    database.before_commit = Outbox(dict.fromkeys(EventType, ("demo",))).flush
    await imported(
        database,
        order(
            status=HistoryStatus.DELIVERED,
            shipments=(parcel(delivered=True),),
            promised_by=DELIVERED - timedelta(hours=1),
            payments=(
                HistoryPayment("1", gbp("10.00"), method="card", paid_at=CONFIRMED),
                HistoryPayment("2", gbp("9.99"), method="voucher", paid_at=CONFIRMED),
            ),
            reviews=(HistoryReview("R-1", 2, DELIVERED, body="late"), HistoryReview("R-2", 4, DELIVERED)),
        ),
    )
    row = await Order.get(external_id="A-1")
    assert (row.status, row.is_imported, row.subtotal, row.shipping, row.total) == ("completed", True, 1750, 300, 2050)
    assert (row.placed_at, row.confirmed_at, row.completed_at, row.cancelled_at) == (PLACED, CONFIRMED, DELIVERED, None)
    assert await counters(row.id) == [(2, 2, 2, 0), (1, 1, 1, 0)]
    shipment = await Shipment.get(order_id=row.id).prefetch_related("location")
    assert (shipment.status, shipment.tracking_status, shipment.next_poll_at) == ("delivered", "delivered", None)
    assert (shipment.handed_over_at, shipment.delivered_at) == (HANDED_OVER, DELIVERED)
    assert (await Location.get(code="seller-1")).kind == "drop_shipper"
    assert (await DeliveryPromise.get(order_id=row.id)).made_at == PLACED
    assert Counter([each.method async for each in PaymentEvent.filter(order_id=row.id, outcome="success")]) == Counter(
        ["card", "voucher"]
    )
    assert await Review.filter(order_id=row.id, platform="old").count() == 2
    lines = await OrderLine.filter(order_id=row.id).order_by("position")
    assert [line.variant_id is None for line in lines] == [False, True]

    assert await timeline(row.id) == [
        ("order_placed", PLACED, ""),
        ("payment_recorded", CONFIRMED, ""),
        ("payment_recorded", CONFIRMED, ""),
        ("order_confirmed", CONFIRMED, ""),
        ("shipment_dispatched", HANDED_OVER, ""),
        ("shipment_delivered", DELIVERED, ""),
        ("order_completed", DELIVERED, ""),
        ("feedback_received", DELIVERED, ""),
        ("feedback_received", DELIVERED, ""),
    ]
    assert {row.origin for row in await EventRow.all()} == {BY.origin}
    assert (await database.fetch("SELECT count(*) AS n FROM delivery"))[0]["n"] == 0


async def test_what_nobody_knows_stays_unknown(database: Database) -> None:
    await imported(database, order(status=HistoryStatus.DELIVERED, shipments=(parcel(delivered=True, at=None),)))
    row = await Order.get(external_id="A-1")
    assert (row.status, row.completed_at) == ("completed", None)
    assert await counters(row.id) == [(2, 2, 2, 0), (1, 1, 1, 0)]
    assert (await timeline(row.id))[-2:] == [
        ("shipment_delivered", HANDED_OVER, "the source names no time for it"),
        ("order_completed", HANDED_OVER, "the source names no time for it"),
    ]


@pytest.mark.parametrize(
    ("status", "stored", "shipped"),
    [
        (HistoryStatus.PENDING, "pending", False),
        (HistoryStatus.CONFIRMED, "confirmed", False),
        (HistoryStatus.SHIPPED, "confirmed", True),
    ],
)
async def test_an_order_that_is_not_done_waits_or_is_on_its_way(
    database: Database, status: HistoryStatus, stored: str, *, shipped: bool
) -> None:
    await imported(database, order(status=status, shipments=(parcel(delivered=False),) if shipped else ()))
    row = await Order.get(external_id="A-1")
    assert (row.status, row.completed_at) == (stored, None)
    assert await counters(row.id) == ([(2, 2, 0, 0), (1, 1, 0, 0)] if shipped else [(2, 0, 0, 0), (1, 0, 0, 0)])
    statuses = [(each.status, each.tracking_status) for each in await Shipment.filter(order_id=row.id)]
    assert statuses == ([("handed_over", "in_transit")] if shipped else [])


async def test_a_cancelled_order_cancels_what_had_not_left(database: Database) -> None:
    await imported(
        database,
        order("A-1", HistoryStatus.CANCELLED, confirmed_at=None, payments=(HistoryPayment("1", gbp("20.50")),)),
        order("A-2", HistoryStatus.CANCELLED, shipments=(parcel(delivered=False),), cancel_reason="changed their mind"),
        order("A-3", HistoryStatus.CANCELLED, lines=(), cancelled_at=DELIVERED),
    )
    before, after, empty = [await Order.get(external_id=each) for each in ("A-1", "A-2", "A-3")]
    assert [each.status for each in (before, after, empty)] == ["cancelled"] * 3
    assert await counters(before.id) == [(2, 0, 0, 2), (1, 0, 0, 1)]
    assert (await PaymentEvent.get(order_id=before.id)).outcome == "request"
    assert await counters(after.id) == [(2, 2, 0, 0), (1, 1, 0, 0)]
    shipment = await Shipment.get(order_id=after.id)
    assert (shipment.status, shipment.tracking_status) == ("handed_over", "unknown")
    assert (await timeline(after.id))[-1] == (
        "order_cancelled",
        HANDED_OVER,
        "changed their mind; the source names no time for it",
    )
    assert (await counters(empty.id), empty.total, empty.cancelled_at) == ([], 300, DELIVERED)


async def test_importing_again_changes_nothing_and_a_changed_order_is_reported(database: Database) -> None:
    await imported(database, order())
    reordered = replace(order(), lines=tuple(reversed(order().lines)), source=SourceRow("other.csv", 9))
    changed = replace(order(), shipping=gbp("4.00"))
    events = await EventRow.all().count()
    results = [*await imported(database, reordered), *await imported(database, changed)]
    assert [result.outcome for result in results] == [ImportOutcome.KNOWN, ImportOutcome.DIFFERENT]
    assert results[1].reason == "order A-1 was imported before and said something else then: left as it is"
    assert (await Order.all().count(), (await Order.get(external_id="A-1")).shipping) == (1, 300)
    assert await EventRow.all().count() == events


async def test_live_orders_and_stock_are_left_alone(database: Database) -> None:
    shop = await make_shop(database)
    live = await make_order(database, {"MUG": 1}, channel="old", external_id="A-1")
    results = await imported(database, order("A-1"), replace(order("A-2"), number=live.number), order("A-3"))
    assert [(result.outcome, result.reason) for result in results] == [
        (ImportOutcome.DIFFERENT, "order A-1 is there, and was not imported: left as it is"),
        (ImportOutcome.REJECTED, f"another order of this channel has the number {live.number}"),
        (ImportOutcome.IMPORTED, ""),
    ]
    level = await StockLevel.get(location_id=shop.id, variant__sku="MUG")
    assert (level.on_hand, level.allocated) == (10, 1)
    assert await Order.filter(is_imported=True).count() == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"external_id": ""}, "the external id '' is empty or longer than 128 characters"),
        ({"number": "9" * 65}, f"the number {'9' * 40!r} is empty or longer than 64 characters"),
        ({"shipping": Money.of("3.00", "EUR")}, "3.00 EUR is not in the order's currency GBP"),
        ({"discount": gbp("99.00")}, "the total is negative: -78.50 GBP"),
        ({"placed_at": PLACED.replace(tzinfo=None)}, "a time has no time zone"),
        ({"lines": (order().lines[0], order().lines[0])}, "line 1 is there 2 times"),
        ({"lines": (replace(order().lines[0], quantity=0),)}, "line 1: 0 is not a quantity"),
        ({"lines": (), "shipments": (parcel(delivered=True),)}, "more units of line 1 were shipped than ordered"),
        ({"reviews": (HistoryReview("R", 6, PLACED),)}, "review R: 6 is not a score from 1 to 5"),
        (
            {"payments": (HistoryPayment("1", gbp("1.00"), kind="gift"),)},
            "payment 1: 'gift' is neither authorization, charge nor refund",
        ),
    ],
)
async def test_an_order_that_cannot_be_kept_is_rejected_and_the_others_come_in(
    database: Database, changes: dict[str, object], reason: str
) -> None:
    results = await imported(database, replace(order(), **changes), order("B-1"))  # type: ignore[arg-type]
    assert [(result.outcome, result.reason) for result in results] == [
        (ImportOutcome.REJECTED, reason),
        (ImportOutcome.IMPORTED, ""),
    ]
    assert [each.external_id for each in await Order.all()] == ["B-1"]


class Given:
    """A history that is given as a list."""

    channel = "old"
    title = "Old shop"

    def __init__(self, *rows: HistoryOrder | RejectedRow) -> None:
        self.rows = rows
        self.total = len(rows)

    def __iter__(self) -> Iterator[HistoryOrder | RejectedRow]:
        return iter(self.rows)


async def refuse_a3(uow: UnitOfWork, _: str, written: Mapping[UUID, HistoryOrder]) -> None:
    """What no check foresees: the database refuses something about one order of the batch."""
    if any(each.external_id == "A-3" for each in written.values()):
        await uow.execute("INSERT INTO orders (id, number) SELECT id, number FROM orders WHERE external_id = 'A-3'")


async def test_an_order_that_the_database_refuses_does_not_stop_its_batch(database: Database, tmp_path: Path) -> None:
    await imported(database, order("A-1"))
    with Rejects(tmp_path / "rejects.csv") as rejects:
        bad = RejectedRow(SourceRow("orders.csv", 7, ("x", "y")), "is broken", is_order=True)
        history = Given(order("A-1"), order("A-2"), bad, order("A-3"), order("A-4"))
        count = await HistoryImport(database, BY, refuse_a3, rejects).run(history, "spreadsheet")
    assert count.outcomes == Counter({ImportOutcome.KNOWN: 1, ImportOutcome.IMPORTED: 2, ImportOutcome.REJECTED: 2})
    assert sorted([each.external_id async for each in Order.all()]) == ["A-1", "A-2", "A-4"]
    with rejects.path.open(newline="") as file:
        header, broken, refused = list(csv.reader(file))
    assert (header, broken) == (["file", "line", "reason", "row"], ["orders.csv", "7", "is broken", "x", "y"])
    assert refused[:2] == ["orders.csv", "2"]
    assert refused[2].startswith("the database refused it (")
