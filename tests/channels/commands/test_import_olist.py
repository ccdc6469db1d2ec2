"""The Olist orders through the mapping that the repository brings; every figure is computed here from the CSV files."""

import csv
import shutil
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from packhouse.channels.commands.import_orders import ImportOutcome
from packhouse.channels.importing import HistoryImport, ImportCount
from packhouse.channels.rejects import Rejects
from packhouse.events.outbox import Outbox
from packhouse.feedback.commands.import_reviews import import_reviews
from packhouse.sdk import EventType
from packhouse.storage import Database, Initiator
from packhouse.storage.dialect import read_time
from packhouse.testing.shared import shared_path
from packhouse_spreadsheet import SpreadsheetChannel

MAPPING = Path(__file__).parents[3] / "config" / "mappings" / "olist.toml"
BY = Initiator("tester", "import")
STATUS = {
    "created": "pending",
    "approved": "confirmed",
    "invoiced": "confirmed",
    "processing": "confirmed",
    "shipped": "confirmed",
    "delivered": "completed",
    "canceled": "cancelled",
    "unavailable": "cancelled",
}


@pytest.fixture
def olist() -> Path:
    return shared_path("data/olist", start=Path(__file__))


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def imported(database: Database, data: Path, rejects: Path) -> ImportCount:
    with SpreadsheetChannel().open_history(MAPPING, data) as history, Rejects(rejects) as put_aside:
        return await HistoryImport(database, BY, import_reviews, put_aside).run(history, "spreadsheet")


async def one(database: Database, sql: str) -> int:
    (row,) = await database.fetch(sql)
    return int(row["n"] or 0)


async def counted(database: Database, sql: str) -> dict[str, int]:
    return {str(row["name"]): int(row["n"]) for row in await database.fetch(sql)}


async def table_sizes(database: Database) -> dict[str, int]:
    tables = (
        "channel customer variant location orders order_line payment_event delivery_promise shipment shipment_line"
        " review event delivery stock_level stock_movement allocation fulfillment_order hold review_request"
    )
    return {table: await one(database, f'SELECT count(*) AS n FROM "{table}"') for table in tables.split()}


def has_left(order: dict[str, str]) -> bool:
    return bool(order["order_delivered_carrier_date"]) or order["order_status"] in {"shipped", "delivered"}


def cents(text: str) -> int:
    return int(Decimal(text) * 100)


async def test_every_figure_equals_the_files_and_a_second_import_changes_nothing(
    database: Database, olist: Path, tmp_path: Path
) -> None:
    # with plugins that want everything, none gets anything
    database.before_commit = Outbox(dict.fromkeys(EventType, ("demo",))).flush
    rejects = tmp_path / "rejects.csv"
    count = await imported(database, olist, rejects)
    assert (count.outcomes, count.bad_rows) == (Counter({ImportOutcome.IMPORTED: 2028}), 0)
    assert not rejects.exists()

    orders, items = rows(olist, "orders.csv"), rows(olist, "order_items.csv")
    payments, reviews = rows(olist, "order_payments.csv"), rows(olist, "order_reviews.csv")
    assert await counted(database, "SELECT status AS name, count(*) AS n FROM orders GROUP BY status") == Counter(
        STATUS[order["order_status"]] for order in orders
    )
    assert await one(database, "SELECT count(*) AS n FROM order_line") == len(items)
    assert await one(database, "SELECT sum(unit_price * ordered) AS n FROM order_line") == sum(
        cents(item["price"]) for item in items
    )
    assert await one(database, "SELECT sum(shipping) AS n FROM orders") == sum(
        cents(item["freight_value"]) for item in items
    )
    by_type: Counter[str] = Counter()
    for payment in payments:
        by_type[payment["payment_type"]] += cents(payment["payment_value"])
    assert (
        await counted(database, "SELECT method AS name, sum(amount) AS n FROM payment_event GROUP BY method") == by_type
    )
    assert await counted(database, "SELECT score AS name, count(*) AS n FROM review GROUP BY score") == Counter(
        review["review_score"] for review in reviews
    )
    await check_shipments(database, orders, items)
    await check_lateness(database, orders)

    sizes = await table_sizes(database)
    assert sizes["delivery_promise"] == 2028
    assert sizes["variant"] == len({item["product_id"] for item in items})
    left = {order["order_id"] for order in orders if has_left(order)}
    assert sizes["location"] == len({item["seller_id"] for item in items if item["order_id"] in left})
    assert sizes["customer"] == len({row["customer_unique_id"] for row in rows(olist, "customers.csv")})
    untouched = (
        "delivery",
        "stock_level",
        "stock_movement",
        "allocation",
        "fulfillment_order",
        "hold",
        "review_request",
    )
    assert {table: sizes[table] for table in untouched} == dict.fromkeys(untouched, 0)

    again = await imported(database, olist, rejects)
    assert (again.outcomes, again.bad_rows) == (Counter({ImportOutcome.KNOWN: 2028}), 0)
    assert await table_sizes(database) == sizes


async def check_shipments(database: Database, orders: list[dict[str, str]], items: list[dict[str, str]]) -> None:
    """A parcel for each seller of an order that left; what was cancelled after it left stays shipped."""
    sellers = defaultdict(set)
    units: Counter[str] = Counter()
    for item in items:
        sellers[item["order_id"]].add(item["seller_id"])
        units[item["order_id"]] += 1
    left = [order for order in orders if has_left(order)]
    expected: Counter[str] = Counter()
    for order in left:
        arrived = order["order_status"] == "delivered"
        expected["delivered" if arrived else "handed_over"] += max(1, len(sellers[order["order_id"]]))
    assert await counted(database, "SELECT status AS name, count(*) AS n FROM shipment GROUP BY status") == expected
    assert await one(database, "SELECT sum(shipped) AS n FROM order_line") == sum(
        units[order["order_id"]] for order in left
    )
    delivered = sum(units[order["order_id"]] for order in left if order["order_status"] == "delivered")
    assert await one(database, "SELECT sum(delivered) AS n FROM order_line") == delivered
    dropped = [order for order in orders if STATUS[order["order_status"]] == "cancelled"]
    assert await one(database, "SELECT sum(cancelled) AS n FROM order_line") == sum(
        units[order["order_id"]] for order in dropped if not order["order_delivered_carrier_date"]
    )
    assert await one(
        database,
        "SELECT count(DISTINCT o.id) AS n FROM orders o JOIN shipment s ON s.order_id = o.id WHERE o.status = 'cancelled'",
    ) == sum(bool(order["order_delivered_carrier_date"]) for order in dropped)


async def check_lateness(database: Database, orders: list[dict[str, str]]) -> None:
    found = await database.fetch(
        "SELECT DISTINCT o.external_id AS id, s.delivered_at AS delivered_at, p.promised_by AS promised_by FROM orders o"
        " JOIN shipment s ON s.order_id = o.id JOIN delivery_promise p ON p.order_id = o.id"
        " WHERE s.delivered_at IS NOT NULL"
    )
    zone = ZoneInfo("America/Sao_Paulo")
    expected = {
        order["order_id"]: (
            datetime.fromisoformat(order["order_delivered_customer_date"]).replace(tzinfo=zone),
            datetime.fromisoformat(order["order_estimated_delivery_date"]).replace(tzinfo=zone),
        )
        for order in orders
        if order["order_delivered_customer_date"]
    }
    assert {row["id"]: (read_time(row["delivered_at"]), read_time(row["promised_by"])) for row in found} == expected
    late = sum(
        order["order_delivered_customer_date"] > order["order_estimated_delivery_date"]
        for order in orders
        if order["order_delivered_customer_date"]
    )
    assert sum(read_time(row["delivered_at"]) > read_time(row["promised_by"]) for row in found) == late


async def test_planted_bad_rows_are_rejected_with_their_lines(database: Database, olist: Path, tmp_path: Path) -> None:
    folder = copied(olist, tmp_path / "olist")
    orders, items = rows(olist, "orders.csv"), rows(olist, "order_items.csv")
    payments = rows(olist, "order_payments.csv")
    item_at = {item["order_id"]: at for at, item in enumerate(items)}
    with_items = [at for at, order in enumerate(orders) if order["order_id"] in item_at]
    state, date, spoilt, repeated = (with_items[place] for place in (3, 7, 20, 30))
    bad_item = item_at[orders[spoilt]["order_id"]]

    orders[state]["order_status"] = "teleported"
    orders[date]["order_purchase_timestamp"] = "09/07/2017"
    items[bad_item]["price"] = "-1.00"
    orders.append({**orders[0], "order_id": ""})
    orders.append({**orders[repeated], "order_estimated_delivery_date": "2001-01-01 00:00:00"})
    orders.append(dict(orders[repeated]))  # the same again is no contradiction
    items.append({**items[0], "order_id": "nowhere"})
    payments.append({**payments[0], "payment_value": "12,5", "payment_sequential": "77"})
    for name, content in (("orders", orders), ("order_items", items), ("order_payments", payments)):
        write_rows(folder / f"{name}.csv", content)

    rejects = tmp_path / "out" / "rejects.csv"
    count = await imported(database, folder, rejects)
    with rejects.open(encoding="utf-8", newline="") as file:
        reasons = {(row[0], int(row[1])): row[2] for row in list(csv.reader(file))[1:]}
    paid = next(at for at, order in enumerate(orders) if order["order_id"] == payments[0]["order_id"])
    expected = {
        ("orders.csv", state + 2): "order_status: 'teleported' is no state that the mapping knows",
        ("orders.csv", date + 2): "order_purchase_timestamp: '09/07/2017' is not a time written as %Y-%m-%d %H:%M:%S",
        ("order_items.csv", bad_item + 2): "price: -1.00 is negative",
        (
            "orders.csv",
            spoilt + 2,
        ): f"is left out as a whole: order_items.csv line {bad_item + 2}: price: -1.00 is negative",
        ("orders.csv", 2030): "order_id is empty",
        ("orders.csv", 2031): f"is on line {repeated + 2} already, with other content; that line counts",
        ("order_items.csv", len(items) + 1): "order 'nowhere' is not in orders.csv",
        ("order_payments.csv", len(payments) + 1): "payment_value: '12,5' is not a number",
        ("orders.csv", paid + 2): "is left out as a whole: order_payments.csv line 2288",
    }
    assert reasons.keys() == expected.keys()
    for place, reason in expected.items():
        assert reason in reasons[place]
    assert count.outcomes[ImportOutcome.IMPORTED] == 2028 - 4
    assert count.bad_rows == len(expected)
    assert await one(database, "SELECT count(*) AS n FROM orders") == 2028 - 4

    # put right, the rest comes in, and what is there stays as it is
    again = await imported(database, olist, rejects)
    assert again.outcomes == Counter({ImportOutcome.KNOWN: 2024, ImportOutcome.IMPORTED: 4})


def copied(source: Path, folder: Path) -> Path:
    folder.mkdir()
    for file in source.glob("*.csv"):
        shutil.copyfile(file, folder / file.name)
    return folder


def write_rows(path: Path, content: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, content[0].keys())
        writer.writeheader()
        writer.writerows(content)
