"""What a bundle is made of, in one cell: `2 x CUP; 1 x SAUCER`. In a SKU, `;` and the backslash have a backslash before them."""

import re
from collections.abc import Mapping

from packhouse.sheets.cells import BadCell

_PART = re.compile(r"\s*(\d{1,6}) x ((?:[^;\\]|\\[;\\])+)")
_MARKED = re.compile(r"[;\\]")


def write_components(units: Mapping[str, int]) -> str:
    """The cell of units by SKU; empty where there are none."""
    return "; ".join(f"{count} x {_MARKED.sub(lambda mark: chr(92) + mark[0], sku)}" for sku, count in units.items())


def parse_components(text: str) -> dict[str, int]:
    """The units by SKU of a cell.

    Raises:
        BadCell: it is not written so, or names a SKU twice.
    """
    units: dict[str, int] = {}
    at = 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or (part.end() < len(text) and text[part.end()] != ";"):
            raise BadCell(f"components: {text[at : at + 40]!r} is not written as 2 x CUP; 1 x SAUCER")
        sku = re.sub(r"\\(.)", r"\1", part[2])
        if sku in units:
            raise BadCell(f"components: {sku} is named more than once: add its quantities")
        units[sku] = int(part[1])
        at = part.end() + 1
    return units
