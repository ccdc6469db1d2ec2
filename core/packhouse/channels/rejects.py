"""The file of rows that could not be imported: CSV, written from the first of them on."""

import csv
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from packhouse.sdk import SourceRow


class Rejects:
    """Rejected rows with file, line, reason and the row itself. Without any, no file is made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._open = ExitStack()
        self._write_row = self._start

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def add(self, source: SourceRow, reason: str) -> None:
        """Write a rejected row."""
        self.count += 1
        self._write_row([source.file, str(source.line), reason, *source.cells])

    def _start(self, row: list[str]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # cells may hold bytes that were no text: spelt out, so that the file can be read
        file = self._open.enter_context(self.path.open("w", encoding="utf-8", errors="backslashreplace", newline=""))
        writer = csv.writer(file)
        writer.writerow(["file", "line", "reason", "row"])
        self._write_row = writer.writerow
        self._write_row(row)
