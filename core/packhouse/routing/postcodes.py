"""Reading a file of postcodes as GeoNames writes it, in constant memory.

Format: https://download.geonames.org/export/zip/readme.txt — UTF-8 text without a heading, twelve columns separated by tabs:
country code, postal code, place name, name and code of three levels of administration, latitude, longitude, accuracy.
"""

import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from packhouse.routing.geography import normal_postcode
from packhouse.sdk import SourceRow, Unreadable

_COLUMNS = 12
_LATITUDE, _LONGITUDE = 9, 10
_LONGEST_POSTCODE = 20
_LONGEST_LINE = 10_000
_DIGITS = 5  # a metre
_TOLD_EVERY = 10_000

Reading = Callable[[int], None]
Reject = Callable[[SourceRow, str], None]


@dataclass(frozen=True, slots=True)
class PostcodeRow:
    """A postcode, written as `normal_postcode` does, and where it is in degrees north and east."""

    country: str
    postcode: str
    latitude: float
    longitude: float


class PostcodeFile:
    """The postcodes of a file, each once, with the mean of the places that share it.

    Rows of one postcode may stand far apart, so they are gathered in a database of its own on disk, which is removed at the end.
    `distinct` is the number of postcodes, once the file is read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # without a name: a temporary file that SQLite removes
        self._gathered = sqlite3.connect("", check_same_thread=False)
        self._gathered.execute("CREATE TABLE place (country TEXT, postcode TEXT, latitude REAL, longitude REAL)")
        self.distinct = 0

    def close(self) -> None:
        """Remove what was gathered."""
        self._gathered.close()

    def read(self, reject: Reject, reading: Reading) -> None:
        """Read the file; `reject` takes the bad rows with their reason, `reading` is told how many lines were read.

        Raises:
            Unreadable: there is no such file.
        """
        try:
            file = self._path.open(encoding="utf-8", errors="surrogateescape", newline="\n")
        except OSError as error:
            raise Unreadable(f"{self._path} cannot be read: {error.strerror}") from error
        with closing(file):
            self._gathered.executemany("INSERT INTO place VALUES (?, ?, ?, ?)", self._rows(file, reject, reading))
        self._gathered.execute("CREATE INDEX place_key ON place (country, postcode)")
        self.distinct = self._gathered.execute(
            "SELECT COUNT(*) FROM (SELECT DISTINCT country, postcode FROM place)"
        ).fetchone()[0]

    def __iter__(self) -> Iterator[PostcodeRow]:
        """The postcodes in order."""
        for country, postcode, latitude, longitude in self._gathered.execute(
            "SELECT country, postcode, AVG(latitude), AVG(longitude) FROM place GROUP BY country, postcode"
        ):
            yield PostcodeRow(country, postcode, round(latitude, _DIGITS), round(longitude, _DIGITS))

    def _rows(self, file: TextIO, reject: Reject, reading: Reading) -> Iterator[tuple[str, str, float, float]]:
        number = 0
        # a file without line ends is read in pieces, which are all rejected
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), 1):
            cells = tuple(line.rstrip("\r\n").split("\t"))
            row = _read(cells)
            if isinstance(row, str):
                reject(SourceRow(self._path.name, number, cells), row)
            else:
                yield row.country, row.postcode, row.latitude, row.longitude
            if number % _TOLD_EVERY == 0:
                reading(number)
        reading(number)


def _read(cells: tuple[str, ...]) -> PostcodeRow | str:
    """The row, or what is wrong with it."""
    if len(cells) != _COLUMNS:
        return f"expected {_COLUMNS} columns separated by tabs, found {len(cells)}"
    country, postcode = cells[0].strip().upper(), normal_postcode(cells[1])
    if not (len(country) == 2 and country.isascii() and country.isalpha()):  # noqa: PLR2004  (ISO 3166-1 alpha-2)
        return "the first column is no country code of two letters"
    if not (0 < len(postcode) <= _LONGEST_POSTCODE and postcode.isascii()):
        return "the second column is no postcode"
    latitude, longitude = _degrees(cells[_LATITUDE], 90), _degrees(cells[_LONGITUDE], 180)
    if latitude is None:
        return "the latitude (column 10) is no number from -90 to 90"
    if longitude is None:
        return "the longitude (column 11) is no number from -180 to 180"
    return PostcodeRow(country, postcode, latitude, longitude)


def _degrees(text: str, most: int) -> float | None:
    try:
        degrees = float(text)
    except ValueError:
        return None
    return degrees if math.isfinite(degrees) and abs(degrees) <= most else None
