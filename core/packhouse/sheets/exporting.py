"""Writing all of a sheet, page by page, so that nothing grows with its length."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import closing

from packhouse.sheets.catalog import CatalogSheet
from packhouse.sheets.kinds import SheetKind
from packhouse.sheets.prices import PricesSheet
from packhouse.sheets.seen import Seen
from packhouse.sheets.sheet import Sheet
from packhouse.sheets.stock import StockSheet
from packhouse.sheets.writing import CsvWriter, TableWriter
from packhouse.storage import Reader


async def export_sheet(
    reader: Reader, kind: SheetKind, writer: TableWriter, progress: Callable[[int], None] | None = None
) -> int:
    """Write a sheet with its header; returns how many rows there were. The caller finishes nothing.

    Raises:
        Refused: TOO_MANY_ROWS.
    """
    count = 0
    with closing(Seen()) as seen:
        sheet = sheet_of(kind, seen)
        writer.write([sheet.columns])
        async for page in sheet.pages(reader):
            await asyncio.to_thread(writer.write, page)
            count += len(page)
            if progress is not None:
                progress(len(page))
    await asyncio.to_thread(writer.finish)
    return count


async def csv_pieces(reader: Reader, kind: SheetKind) -> AsyncIterator[bytes]:
    """A sheet as CSV, a page at a time."""
    writer = CsvWriter()
    with closing(Seen()) as seen:
        sheet = sheet_of(kind, seen)
        writer.write([sheet.columns])
        async for page in sheet.pages(reader):
            writer.write(page)
            yield writer.take()
    yield writer.take()


def sheet_of(kind: SheetKind, seen: Seen) -> Sheet:
    """The sheet of a kind."""
    if kind is SheetKind.PRICES:
        return PricesSheet(seen)
    return CatalogSheet() if kind is SheetKind.CATALOG else StockSheet("")
