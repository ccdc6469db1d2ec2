"""The rows of a sheet of an XLSX workbook, in memory that does not grow with their number.

openpyxl understands the workbook and its cells. Its own way through the rows keeps an element for each of them (some 180 bytes),
because the parser hangs every row that it has read to the sheet; so the way through them is our own.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from packhouse.sdk.errors import Unreadable
from packhouse.sdk.unpacking import check_unpacked

# Cells that a spreadsheet has left behind beside the sheet, each of which costs time.
MOST_CELLS = 2_000
_MOST_LINES = 1_048_576
# Characters that XML cannot hold (ECMA-376, ST_Xstring).
_XML_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

TableCell = str | int | float | bool | datetime | date
"""A cell of a table: a text ("" where it is empty), or what a spreadsheet takes it for. Times are without a zone."""

_Row = tuple[int, tuple[TableCell, ...], str]


class CellError(str):
    """What a spreadsheet shows where it could not compute a cell: #N/A, #REF! and the like."""

    __slots__ = ()


def xlsx_rows(path: Path, sheet: str | None) -> Iterator[_Row]:
    """Line, cells and "" of each row that is not empty; as wide as the first one, or wider where more is filled in.

    Raises:
        Unreadable: it is no workbook, has no such sheet, or is larger than can be meant.
        OSError: it is not there.
    """
    check_unpacked(path)
    # openpyxl says in many ways that it cannot read a file: by errors of XML, of ZIP, and of its own code
    try:
        # a file of ours, because openpyxl leaves its own open where it fails
        with path.open("rb") as file, closing(_sheet_rows(file, path.name, sheet)) as rows:
            yield from rows
    except (Unreadable, OSError):
        raise
    except Exception as error:
        raise Unreadable(f"{path.name} is no XLSX file that can be read ({type(error).__name__})") from error


def _sheet_rows(file: BinaryIO, name: str, sheet: str | None) -> Generator[_Row]:
    width, before = None, 0
    for line, found in _parsed(file, name, sheet):
        if line > _MOST_LINES:
            raise Unreadable(f"{name} has more than {_MOST_LINES} rows")
        if line <= before:
            raise Unreadable(f"row {line} of {name} comes after row {before}")
        before = line
        last = max((cell["column"] for cell in found), default=0)
        if last > MOST_CELLS:
            raise Unreadable(f"row {line} has {last} cells: remove all that is not part of the sheet")
        filled = {cell["column"]: value for cell in found if (value := _value(cell)) != ""}
        if not filled:
            continue
        if width is None:
            width = max(filled)
        # spreadsheets write rows with fewer cells, or more empty ones, than the header has
        cells = last if max(filled) > width else width
        yield line, tuple(filled.get(column, "") for column in range(1, cells + 1)), ""


def _value(cell: dict[str, Any]) -> TableCell:
    value = cell["value"]
    if value is None:
        return ""
    if cell["data_type"] == "e":
        return CellError(value)
    if isinstance(value, str):
        return _XML_ESCAPE.sub(lambda match: chr(int(match[1], 16)), value)
    return value if isinstance(value, int | float | datetime | date) else str(value)


def _parsed(file: BinaryIO, name: str, sheet: str | None) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Each row with its number and cells, as openpyxl understands them."""
    from openpyxl.reader.excel import ExcelReader  # noqa: PLC0415  (a third of a second, for those alone who read a workbook)
    from openpyxl.styles.stylesheet import apply_stylesheet  # noqa: PLC0415

    reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    with reader.archive as archive:
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        apply_stylesheet(archive, reader.wb)
        sheets = {
            each.name: related.target
            for each, related in reader.parser.find_sheets()
            if related.target in reader.valid_files and "chartsheet" not in related.Type
        }
        if not sheets:
            raise Unreadable(f"{name} has no sheet")
        if sheet is not None and sheet not in sheets:
            raise Unreadable(f"{name} has no sheet {sheet!r}; it has: {', '.join(sheets)}")
        with archive.open(next(iter(sheets.values())) if sheet is None else sheets[sheet]) as source:
            yield from _parser()(
                source,
                reader.shared_strings,
                data_only=True,
                epoch=reader.wb.epoch,
                date_formats=reader.wb._date_formats,  # noqa: SLF001  (there is no public name for them)
                timedelta_formats=reader.wb._timedelta_formats,  # noqa: SLF001
            ).parse()


@cache
def _parser() -> Any:  # noqa: ANN401  (openpyxl has no types)
    """Openpyxl's reader of sheets, which lets go of every row once it was read, and looks at nothing but rows."""
    from openpyxl.worksheet import _reader  # noqa: PLC0415  (see above)

    class RowsOnly(_reader.WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
        def parse(self) -> Iterator[Any]:
            rows = None
            for event, element in _reader.iterparse(self.source, events=("start", "end")):
                if event == "start":
                    if element.tag == _reader.DATA_TAG:
                        rows = element
                elif element.tag == _reader.ROW_TAG:
                    yield self.parse_row(element)
                    self.row_dimensions.clear()
                    if rows is not None:
                        rows.clear()

    return RowsOnly
