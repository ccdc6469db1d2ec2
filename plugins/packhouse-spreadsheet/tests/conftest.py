from pathlib import Path

import pytest

from packhouse.sdk import HistoryOrder, RejectedRow, StockRow
from packhouse_spreadsheet import SpreadsheetChannel

MAPPING = """
channel = "old"
currency = "GBP"
timezone = "Europe/London"
country = "GB"

[format]
dates = ["iso", "%d/%m/%Y %H:%M"]

[orders]
file = "orders.csv"
key = "id"
columns = { status = "status", placed_at = "placed", shipped_at = "shipped", delivered_at = "delivered" }
states = { new = "pending", paid = "confirmed", sent = "shipped", done = "delivered", void = "cancelled" }

[lines]
file = "lines.csv"
order = "order"
key = "no"
columns = { sku = "sku", unit_price = "price", quantity = "units" }
"""
ORDERS = (
    "id,status,placed,shipped,delivered\nA,done,2026-01-05 10:00,2026-01-06,2026-01-08\nB,paid,2026-07-05 10:00,,\n"
)
LINES = "order,no,sku,price,units\nA,1,MUG,5.00,2\nB,1,MUG,5.00,1\nB,2,PLATE,7.50,1\n"


class Files:
    """Writes a mapping and its files, with what a test changes, and reads them."""

    mapping_text = MAPPING

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, mapping: str = MAPPING, **files: str | bytes) -> Path:
        for name, content in {"orders": ORDERS, "lines": LINES, **files}.items():
            (self.folder / f"{name}.csv").write_bytes(content.encode() if isinstance(content, str) else content)
        path = self.folder / "mapping.toml"
        path.write_text(mapping)
        return path

    def read(self, mapping: str = MAPPING, **files: str | bytes) -> list[HistoryOrder | RejectedRow]:
        with SpreadsheetChannel().open_history(self.write(mapping, **files)) as history:
            return list(history)

    def orders(self, mapping: str = MAPPING, **files: str | bytes) -> dict[str, HistoryOrder]:
        found = self.read(mapping, **files)
        assert [each for each in found if isinstance(each, RejectedRow)] == []
        return {each.external_id: each for each in found if isinstance(each, HistoryOrder)}

    def rejects(self, mapping: str = MAPPING, **files: str | bytes) -> list[tuple[str, int, str]]:
        found = [each for each in self.read(mapping, **files) if isinstance(each, RejectedRow)]
        return [(each.source.file, each.source.line, each.reason) for each in found]

    def stock(self, mapping: str, **files: str | bytes) -> list[StockRow | RejectedRow]:
        with SpreadsheetChannel().open_stock(self.write(mapping, **files)) as rows:
            return list(rows)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)
