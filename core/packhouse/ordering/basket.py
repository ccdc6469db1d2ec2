"""A basket that is looked at before it is ordered: its lines as work, bundles taken apart."""

from collections.abc import Sequence
from dataclasses import dataclass

from packhouse.ordering.bundles import parts_of, taken_apart
from packhouse.ordering.pricing import MAX_LINES, MAX_QUANTITY
from packhouse.ordering.records import known_variants
from packhouse.ordering.work import WorkLine
from packhouse.sdk import InvalidValue, Refused, new_id
from packhouse.storage import Reader


@dataclass(frozen=True, slots=True)
class BasketLine:
    """Units of a SKU."""

    sku: str
    quantity: int


async def work_of_basket(reader: Reader, lines: Sequence[BasketLine]) -> list[WorkLine]:
    """What would have to be sent; lines that need no shipping are left out.

    Raises:
        InvalidValue: no lines, too many, or a quantity that is none.
        Refused: UNKNOWN_SKU.
    """
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvalidValue("lines", f"a basket has 1 to {MAX_LINES} lines")
    for index, line in enumerate(lines):
        if not 1 <= line.quantity <= MAX_QUANTITY:
            raise InvalidValue(f"lines.{index}.quantity", f"{line.quantity} is not a quantity from 1 to {MAX_QUANTITY}")
    variants = await known_variants(reader, [line.sku for line in lines])
    work = []
    for index, line in enumerate(lines):
        variant = variants.get(line.sku)
        if variant is None:
            raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {line.sku}", f"lines.{index}.sku")
        if variant.requires_shipping:
            work.append(WorkLine(new_id(), variant.id, variant.sku, line.quantity, index))
    return taken_apart(work, await parts_of(reader, list(variants.values())))
