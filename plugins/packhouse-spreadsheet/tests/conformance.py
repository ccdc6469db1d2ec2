"""What spreadsheets are read, for the conformance kit. There is no vendor that could fail."""

import tempfile
from pathlib import Path
from typing import Any

from packhouse.sdk import HistoryOrder, ReadsHistory, ReadsStock, RejectedRow, StockRow
from packhouse.testing.conformance import Operation, Running, Subject
from packhouse_spreadsheet import Plugin

HISTORY = """
channel = "old"
currency = "GBP"
timezone = "Europe/London"
country = "GB"

[orders]
file = "orders.csv"
key = "id"
columns = { status = "status", placed_at = "placed", shipped_at = "shipped", delivered_at = "delivered" }
states = { paid = "confirmed", done = "delivered" }

[lines]
file = "lines.csv"
order = "order"
key = "no"
columns = { sku = "sku", unit_price = "price", quantity = "units" }
"""
STOCK = """
[stock]
file = "stock.csv"
columns = { sku = "sku", location = "at", counted = "units", bin = "bin" }
"""
FILES = {
    "orders.csv": "id,status,placed,shipped,delivered\nA,done,2026-07-05 10:00,2026-07-06,2026-07-08\n",
    "lines.csv": "order,no,sku,price,units\nA,1,MUG,5.00,2\nB,1,MUG,five,1\n",
    "stock.csv": "sku,at,units,bin\nMUG,london,7,A-1\nPLATE,london,-1,\n",
}


def write(folder: Path, mapping: str) -> Path:
    for name, content in FILES.items():
        (folder / name).write_text(content)
    path = folder / "mapping.toml"
    path.write_text(mapping)
    return path


async def read_history(plugin: Running) -> list[HistoryOrder | RejectedRow]:
    (provider,) = plugin.alone.providers
    assert isinstance(provider, ReadsHistory)
    with tempfile.TemporaryDirectory() as folder, provider.open_history(write(Path(folder), HISTORY)) as history:
        return list(history)


async def read_stock(plugin: Running) -> list[StockRow | RejectedRow]:
    (provider,) = plugin.alone.providers
    assert isinstance(provider, ReadsStock)
    with tempfile.TemporaryDirectory() as folder, provider.open_stock(write(Path(folder), STOCK)) as stock:
        return list(stock)


def settings(_: Any) -> dict[str, Any]:
    return {}


SUBJECT = Subject(
    plugin=Plugin,
    settings=settings,
    operations=(
        Operation("open_history", call=read_history, gives=list[HistoryOrder | RejectedRow]),
        Operation("open_stock", call=read_stock, gives=list[StockRow | RejectedRow]),
    ),
)
