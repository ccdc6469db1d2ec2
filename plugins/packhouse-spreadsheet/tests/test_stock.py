from typing import Any

import pytest

from packhouse.sdk import BadMapping, RejectedRow, SourceRow, StockRow

COUNTED = """
[stock]
file = "stock.csv"
columns = { sku = "sku", location = "at", counted = "units", bin = "bin" }
"""
CAME = """
[stock]
file = "stock.csv"
columns = { sku = "sku", location = "at", quantity = "units", reference = "note" }
defaults = { reason = "received" }
"""


def test_counts(files: Any) -> None:
    rows = files.stock(COUNTED, stock="sku,at,units,bin\nMUG,london,7,A-1\nPLATE,london,-1,\nCUP,,1,\nJUG,london,,\n")
    assert rows[0] == StockRow(
        SourceRow("stock.csv", 2, ("MUG", "london", "7", "A-1")), "MUG", "london", counted=7, bin="A-1"
    )
    assert [each.reason for each in rows[1:] if isinstance(each, RejectedRow)] == [
        "units: -1 is not between 0 and 2147483647",
        "at is empty",
        "there is neither a quantity nor a count",
    ]


def test_deliveries(files: Any) -> None:
    rows = files.stock(CAME, stock="sku,at,units,note\nMUG,london,-2,DN-1\nMUG,london,3,\n")
    assert isinstance(rows[0], StockRow)
    assert (rows[0].quantity, rows[0].reference, rows[0].reason) == (-2, "DN-1", "received")
    assert rows[1].reason == "note: a quantity needs a reference, so that it is not added twice"


def test_a_delivery_needs_a_reference_and_a_list_one_kind_of_units(files: Any) -> None:
    with pytest.raises(BadMapping, match=r"columns\.reference: quantity needs it"):
        files.stock(CAME.replace(', reference = "note"', ""), stock="sku\n")
    with pytest.raises(BadMapping, match="name either quantity"):
        files.stock(COUNTED.replace('counted = "units"', 'counted = "units", quantity = "units"'), stock="sku\n")
    with pytest.raises(BadMapping, match=r"\[stock\] is missing"):
        files.stock(files.mapping_text)
