"""Reading a file of shipping rates, in constant memory.

Format: UTF-8 CSV with a heading of these columns in any order: `location` (code) or `origin_country` (both empty: from anywhere),
`country`, `postcode_prefix` (empty: any), `up_to_grams`, `price` (12.50), `currency`, `service`. Countries are ISO 3166-1 alpha-2.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packhouse.routing.geography import normal_postcode
from packhouse.routing.rates import LONGEST_PREFIX
from packhouse.sdk import InvalidValue, Money, SourceRow, Unreadable

NEEDED = ("country", "up_to_grams", "price", "currency")
COLUMNS = ("location", "origin_country", *NEEDED[:1], "postcode_prefix", *NEEDED[1:], "service")
_HEAVIEST = 100_000_000
_MOST_DIGITS = 9
_LONGEST_SERVICE = 64

Reject = Callable[[SourceRow, str], None]


@dataclass(frozen=True, slots=True)
class RateRow:
    """A rate as a file says it: the price in minor units, the postcode as `normal_postcode` writes it."""

    location: str
    origin_country: str
    country: str
    postcode_prefix: str
    up_to_grams: int
    price: int
    currency: str
    service: str


def read_rates(path: Path, reject: Reject) -> Iterator[tuple[SourceRow, RateRow]]:
    """The rates of a file with where they stand; `reject` takes the bad rows with their reason.

    Raises:
        Unreadable: there is no such file, or it has not the columns.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = csv.reader(file)
            heading = [cell.strip().lower() for cell in next(rows, [])]
            if missing := [name for name in NEEDED if name not in heading]:
                raise Unreadable(f"{path} has no column {', '.join(missing)} (its columns: {', '.join(COLUMNS)})")
            for cells in rows:
                source = SourceRow(path.name, rows.line_num, tuple(cells))
                found = rate_of_cells(dict(zip(heading, cells, strict=False)))
                if isinstance(found, str):
                    reject(source, found)
                else:
                    yield source, found
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
    except csv.Error as error:
        raise Unreadable(f"{path} is no CSV: {error}") from error


def rate_of_cells(cells: Mapping[str, str]) -> RateRow | str:
    """The rate, or what is wrong with it."""
    given = {name: cells.get(name, "").strip() for name in COLUMNS}
    origin, country = given["origin_country"].upper(), given["country"].upper()
    prefix = normal_postcode(given["postcode_prefix"])
    if given["location"] and origin:
        return "it names a location and a country of origin: one of them is enough"
    if not _is_country(country) or (origin and not _is_country(origin)):
        return "a country is a code of two letters"
    if len(prefix) > LONGEST_PREFIX or not prefix.isascii():
        return f"the beginning of a postcode has at most {LONGEST_PREFIX} letters and digits"
    grams = given["up_to_grams"]
    if not (grams.isascii() and grams.isdecimal() and len(grams) <= _MOST_DIGITS and 0 < int(grams) <= _HEAVIEST):
        return "up_to_grams is no weight in whole grams"
    if len(given["service"]) > _LONGEST_SERVICE:
        return f"the service has more than {_LONGEST_SERVICE} characters"
    try:
        price = Money.of(given["price"], given["currency"].upper(), "price")
    except InvalidValue as invalid:
        return f"{invalid.field}: {invalid.message}"
    if price.minor < 0:
        return "the price is below 0"
    return RateRow(
        given["location"], origin, country, prefix, int(grams), price.minor, price.currency, given["service"]
    )


def _is_country(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha()  # noqa: PLR2004  (ISO 3166-1 alpha-2)
