"""The channel that Packhouse sees."""

from contextlib import AbstractContextManager
from pathlib import Path

from packhouse.sdk import History, ReadingProgress, StockList
from packhouse_spreadsheet.history import open_history
from packhouse_spreadsheet.stock import open_stock


class SpreadsheetChannel:
    """Reads orders of the past and stock lists from CSV and XLSX files (`ReadsHistory`, `ReadsStock`)."""

    code = "spreadsheet"
    title = "Spreadsheets"

    def open_history(
        self, mapping: Path, data: Path | None = None, progress: ReadingProgress | None = None
    ) -> AbstractContextManager[History]:
        """Orders of the past.

        Raises:
            BadMapping: on entering, the mapping cannot be used.
            Unreadable: on entering, a file cannot be read.
        """
        return open_history(mapping, data, progress)

    def open_stock(
        self, mapping: Path, data: Path | None = None, progress: ReadingProgress | None = None
    ) -> AbstractContextManager[StockList]:
        """A stock list; errors as in `open_history`."""
        return open_stock(mapping, data, progress)
