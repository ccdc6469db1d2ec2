"""Stock lists: what is there, or what came."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packhouse.sdk import BadMapping, ReadingProgress, RejectedRow, StockRow
from packhouse_spreadsheet.index import Index
from packhouse_spreadsheet.mapping import load_mapping
from packhouse_spreadsheet.opening import Files
from packhouse_spreadsheet.record import BadRow, Layout, Record
from packhouse_spreadsheet.sheets import RawRow


@contextmanager
def open_stock(path: Path, data: Path | None, progress: ReadingProgress | None) -> Iterator["SpreadsheetStock"]:
    """Index the stock list of a mapping, and read it.

    Raises:
        BadMapping: the mapping cannot be used, or names columns that are not there.
        Unreadable: the file cannot be read.
    """
    mapping = load_mapping(path)
    if mapping.stock is None:
        raise BadMapping(path.name, ["[stock] is missing: it names the file of the stock list"])
    files = Files(mapping, path, data, progress)
    layout = files.layouts({"stock": mapping.stock})["stock"]
    with Index() as index:
        total = files.load(index, layout, mapping.stock, "columns")
        yield SpreadsheetStock(index, layout, total)


class SpreadsheetStock:
    """The rows of a stock list, in the order of the file."""

    def __init__(self, index: Index, layout: Layout, total: int) -> None:
        self.total = total
        self._index = index
        self._layout = layout

    def __iter__(self) -> Iterator[StockRow | RejectedRow]:
        for row in self._index.rows("stock"):
            try:
                yield _read(Record(self._layout, row), row)
            except BadRow as error:
                yield RejectedRow(self._layout.source(row), error.reason)


def _read(record: Record, row: RawRow) -> StockRow:
    counted = record.whole("counted", least=0)
    quantity = record.whole("quantity", least=-(2**31 - 1))
    if counted is None and quantity is None:
        raise BadRow("there is neither a quantity nor a count")
    if quantity is not None and not record.text("reference"):
        raise record.problem("reference", "a quantity needs a reference, so that it is not added twice")
    return StockRow(
        source=record.layout.source(row),
        sku=record.required("sku"),
        location=record.required("location"),
        counted=counted,
        quantity=quantity,
        reference=record.text("reference"),
        bin=record.text("bin") or None,
        reason=record.text("reason"),
    )
