"""What an XLSX file is before it is read: a ZIP whose parts may unpack to thousands of times their size.

openpyxl holds a whole row of a sheet and each other part in memory, as a tree of elements that is tens of times larger than its text.
So each part is unpacked once beforehand, a piece at a time, and measured.
"""

import re
import zlib
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from packhouse.sdk.errors import Unreadable

_MOST_BYTES = 2_000_000_000
# The table of texts, and any part that is neither it nor a sheet.
_MOST_TEXT_BYTES = 100_000_000
_MOST_TEXTS = 2_000_000
_MOST_OTHER_BYTES = 10_000_000
_MOST_PARTS = 1_000
# Between the beginnings of two rows: hundreds of cells, each as long as a spreadsheet allows, have room in it.
_MOST_ROW_BYTES = 2_000_000
_PIECE = 65_536
_SHEETS, _TEXTS = "xl/worksheets/", "xl/sharedStrings.xml"
_ROW = re.compile(rb"<(?:[\w.-]{1,40}:)?row[\s/>]")
# of the piece before: a row whose beginning is cut in two is found in both together
_OVERLAP = 64


def check_unpacked(path: Path) -> None:
    """Let a file pass that can be read in bounded memory.

    Raises:
        Unreadable: it is no ZIP, or larger unpacked than can be meant.
    """
    try:
        with ZipFile(path) as archive:
            _check(archive, path.name)
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise Unreadable(f"{path.name} is no XLSX file: {error}") from error


def _check(archive: ZipFile, name: str) -> None:
    too_large = Unreadable(f"{name} is too large: save it as CSV, or in parts")
    sizes = {each.filename: each.file_size for each in archive.infolist()}
    if sum(sizes.values()) > _MOST_BYTES or len(sizes) > _MOST_PARTS:
        raise too_large
    for part, size in sizes.items():
        if part.startswith(_SHEETS):
            if part.endswith(".xml") and _longest_row(archive, part) > _MOST_ROW_BYTES:
                raise too_large
        elif part == _TEXTS:
            if size > _MOST_TEXT_BYTES or _count(archive, part, b"<") > 4 * _MOST_TEXTS:
                raise too_large
        elif part.endswith((".xml", ".rels")) and size > _MOST_OTHER_BYTES:
            raise too_large


def _longest_row(archive: ZipFile, part: str) -> int:
    """Bytes from the beginning of a row to that of the next one, of those that have most; the end of the sheet counts as one."""
    longest = last = position = 0
    text = b""
    with archive.open(part) as packed:
        while piece := packed.read(_PIECE):
            before = text[-_OVERLAP:]
            position += len(text) - len(before)
            text = before + piece
            for found in _ROW.finditer(text):
                longest = max(longest, position + found.start() - last)
                last = position + found.start()
            longest = max(longest, position + len(text) - last)
            if longest > _MOST_ROW_BYTES:
                break
    return longest


def _count(archive: ZipFile, part: str, what: bytes) -> int:
    with archive.open(part) as packed:
        return sum(piece.count(what) for piece in iter(lambda: packed.read(_PIECE), b""))
