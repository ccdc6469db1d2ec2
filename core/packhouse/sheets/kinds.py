"""Which sheets there are."""

from enum import StrEnum


class SheetKind(StrEnum):
    """What a sheet holds."""

    CATALOG = "catalog"
    PRICES = "prices"
    STOCK = "stock"
