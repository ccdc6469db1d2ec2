"""A basket that is looked at before it is ordered: its lines as work, bundles taken apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.catalog.bundles import Part
from packhouse.ordering.bundles import parts_of, taken_apart
from packhouse.ordering.pricing import MAX_LINES, MAX_QUANTITY, KnownVariant
from packhouse.ordering.records import known_variants
from packhouse.ordering.work import WorkLine
from packhouse.sdk import InvalidValue, Refused, new_id
from packhouse.storage import Reader


@dataclass(frozen=True, slots=True)
class BasketLine:
    """Units of a SKU."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What would have to be sent, by the positions of its lines; `variants` are those that are known, by SKU, and `parts` what
    the bundles among them are made of.
    """

    work: Sequence[WorkLine]
    variants: Mapping[str, KnownVariant]
    parts: Mapping[UUID, Sequence[Part]]


async def read_basket(reader: Reader, lines: Sequence[BasketLine]) -> Basket:
    """A basket with what is known of it; lines that need no shipping, or that nobody knows, are no work.

    Raises:
        InvalidValue: no lines, too many, or a quantity that is none.
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
        if variant is not None and variant.requires_shipping:
            work.append(WorkLine(new_id(), variant.id, variant.sku, line.quantity, index))
    parts = await parts_of(reader, list(variants.values()))
    return Basket(taken_apart(work, parts), variants, parts)


async def work_of_basket(reader: Reader, lines: Sequence[BasketLine]) -> list[WorkLine]:
    """What would have to be sent; lines that need no shipping are left out.

    Raises:
        InvalidValue: no lines, too many, or a quantity that is none.
        Refused: UNKNOWN_SKU.
    """
    basket = await read_basket(reader, lines)
    for index, line in enumerate(lines):
        if line.sku not in basket.variants:
            raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {line.sku}", f"lines.{index}.sku")
    return list(basket.work)
