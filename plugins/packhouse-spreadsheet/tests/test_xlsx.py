from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from packhouse.sdk import HistoryOrder, Money, RejectedRow, Unreadable
from packhouse_spreadsheet import SpreadsheetChannel

MAPPING = """
channel = "book"
currency = "EUR"
timezone = "Europe/Berlin"
[format]
decimal = ","
dates = ["%d.%m.%Y"]
[orders]
file = "book.xlsx"
sheet = "Orders"
key = "Nr"
columns = { placed_at = "Date" }
[lines]
file = "book.xlsx"
sheet = "Lines"
order = "Nr"
columns = { sku = "SKU", unit_price = "Price", quantity = "Units" }
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    orders: Any = book.active
    orders.title = "Orders"
    orders.append(["Nr", "Date", "Age", None])
    # an error in a column that nobody reads spoils nothing
    orders.append([1001, datetime(2026, 7, 1), "#N/A"])  # noqa: DTZ001  (Excel knows no zones)
    orders.append([])
    orders.append([1002, "02.07.2026"])
    lines = book.create_sheet("Lines")
    lines.append(["Nr", "SKU", "Price", "Units"])
    lines.append([1001, "MUG", 0.1 + 0.2, 2])
    lines.append([1002, 4711, "1,50", 1.0])
    lines.append([1002, "PLATE", "1.50", 1])
    book.save(tmp_path / "book.xlsx")
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING)
    return path


def test_typed_cells_are_read_as_they_are_shown(mapping: Path) -> None:
    with SpreadsheetChannel().open_history(mapping) as history:
        assert history.total == 2
        first, line, second = list(history)
    assert isinstance(first, HistoryOrder)
    assert (first.external_id, first.placed_at) == ("1001", datetime(2026, 6, 30, 22, tzinfo=UTC))
    assert [(each.sku, each.quantity, each.unit_price) for each in first.lines] == [("MUG", 2, Money.of("0.30", "EUR"))]
    assert isinstance(line, RejectedRow)
    assert (line.source.file, line.source.line, line.reason) == (
        "book.xlsx [Lines]",
        4,
        "Price: '1.50' is not a number",
    )
    assert isinstance(second, RejectedRow)
    assert (second.source.line, second.is_order) == (4, True)


def test_no_such_sheet_and_no_workbook(mapping: Path) -> None:
    mapping.write_text(MAPPING.replace('"Lines"', '"Items"'))
    with (
        pytest.raises(Unreadable, match=r"book\.xlsx has no sheet 'Items'; it has: Orders, Lines"),
        SpreadsheetChannel().open_history(mapping),
    ):
        pass
    (mapping.parent / "book.xlsx").write_bytes(b"not a workbook")
    with pytest.raises(Unreadable, match=r"book\.xlsx is no XLSX file"), SpreadsheetChannel().open_history(mapping):
        pass
