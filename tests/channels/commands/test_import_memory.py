"""An import takes the memory of a batch, however long the files are."""

import csv
import gc
import shutil
import tracemalloc
from pathlib import Path

from packhouse.channels.commands.import_orders import ImportOutcome
from packhouse.channels.importing import HistoryImport
from packhouse.channels.rejects import Rejects
from packhouse.events.outbox import Outbox
from packhouse.feedback.commands.import_reviews import import_reviews
from packhouse.storage import Initiator, open_database
from packhouse_spreadsheet import SpreadsheetChannel

MAPPING = """
channel = "generated"
currency = "GBP"
[orders]
file = "orders.csv"
key = "id"
columns = { placed_at = "at" }
[lines]
file = "lines.csv"
order = "order"
columns = { sku = "sku", unit_price = "price", quantity = "units" }
"""


def generate(folder: Path, orders: int) -> Path:
    """Orders and their lines, the lines in another sequence than the orders."""
    folder.mkdir()
    with (folder / "orders.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "at"])
        writer.writerows([f"G{n}", f"2026-01-{n % 28 + 1:02}T10:00:00Z"] for n in range(orders))
    with (folder / "lines.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["order", "sku", "price", "units"])
        for n in reversed(range(orders)):
            writer.writerow([f"G{n}", f"SKU-{n % 7}", "9.99", 1 + n % 3])
    mapping = folder / "mapping.toml"
    mapping.write_text(MAPPING)
    return mapping


async def peak_of_import(database_url: str, mapping: Path, orders: int) -> int:
    """The highest use of memory while importing, in bytes above what was there before."""
    database = await open_database(database_url, before_commit=Outbox().flush)
    try:
        # what earlier tests left in this process would put off collecting the garbage of this one
        gc.collect()
        gc.freeze()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        with SpreadsheetChannel().open_history(mapping) as history, Rejects(mapping.with_suffix(".csv")) as rejects:
            importer = HistoryImport(database, Initiator("tester", "import"), import_reviews, rejects)
            count = await importer.run(history, "spreadsheet")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.unfreeze()
        await database.close()
    assert count.outcomes[ImportOutcome.IMPORTED] == orders
    return peak - before


async def test_ten_times_the_orders_take_no_more_memory(sqlite_url: str, tmp_path: Path) -> None:
    orders = 6_000
    few, many = generate(tmp_path / "few", orders // 10), generate(tmp_path / "many", orders)
    other = tmp_path / "other.sqlite3"
    shutil.copyfile(sqlite_url.removeprefix("sqlite://"), other)
    small = await peak_of_import(sqlite_url, few, orders // 10)
    large = await peak_of_import(f"sqlite://{other}", many, orders)
    # 170 bytes for each more order would be too much
    assert large - small < 900_000, (small, large)
