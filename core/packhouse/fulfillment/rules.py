"""When work is done, what is left of it, and whether what the scanner read is what was asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from packhouse.sdk.errors import InvalidValue

_GTIN_LENGTHS = frozenset({8, 12, 13, 14})


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A line of a fulfillment order, in units: how many in all, how many left the house, how many were cancelled.

    Raises:
        InvalidValue: a number is negative, or more is shipped and cancelled than there is.
    """

    id: UUID
    quantity: int
    shipped: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        if min(self.quantity, self.shipped, self.cancelled) < 0 or self.remaining < 0:
            counters = f"{self.shipped} shipped and {self.cancelled} cancelled of {self.quantity}"
            raise InvalidValue("quantity", f"line {self.id} cannot have {counters}")

    @property
    def remaining(self) -> int:
        """Units that still wait to be shipped."""
        return self.quantity - self.shipped - self.cancelled


def is_closed(lines: Iterable[WorkLine]) -> bool:
    """Whether the work is done: shipped + cancelled = total on every line. Several shipments may have done it."""
    return all(not line.remaining for line in lines)


def remainder(lines: Iterable[WorkLine]) -> dict[UUID, int]:
    """Units by line that the fulfillment order which follows an incomplete one takes over; finished lines are left out."""
    return {line.id: line.remaining for line in lines if line.remaining}


@dataclass(frozen=True, slots=True)
class PickTarget:
    """What a pick asks for, and how many units are in the tote already."""

    sku: str
    quantity: int
    picked: int = 0
    barcode: str = ""


class ScanRefusal(StrEnum):
    """Why a scan does not count."""

    WRONG_ITEM = "wrong_item"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class ScanCheck:
    """What a scan did: `picked` is the new number of units in the tote, unchanged where `refusal` says why not."""

    picked: int
    refusal: ScanRefusal | None = None


def check_scan(target: PickTarget, code: str, quantity: int = 1) -> ScanCheck:
    """Count a scan of `quantity` units if barcode or SKU is the one asked for, and never more units than asked for.

    Raises:
        InvalidValue: the quantity is not positive.
    """
    if quantity < 1:
        raise InvalidValue("quantity", f"{quantity} units cannot be picked; at least 1")
    if not matches(target, code):
        return ScanCheck(target.picked, ScanRefusal.WRONG_ITEM)
    if target.picked + quantity > target.quantity:
        return ScanCheck(target.picked, ScanRefusal.TOO_MANY)
    return ScanCheck(target.picked + quantity)


def matches(target: PickTarget, code: str) -> bool:
    """Whether a scanned or typed code is the pick's SKU (in any case) or its barcode."""
    code = code.strip()
    if not code:
        return False
    if code.casefold() == target.sku.strip().casefold():
        return True
    return bool(target.barcode.strip()) and _gtin(code) == _gtin(target.barcode.strip())


def _gtin(code: str) -> str:
    # Scanners drop or add leading zeros: UPC-A 012345678905 and EAN-13 0012345678905 are one GTIN (GS1 pads to 14).
    if code.isascii() and code.isdecimal() and len(code) in _GTIN_LENGTHS:
        return code.zfill(14)
    return code
