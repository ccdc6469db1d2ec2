"""What the catalogue says of the variants that are asked for."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from packhouse.routing.questions import Item, Question
from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders, read_id

_AT_ONCE = 5000

_ITEMS = "SELECT id, sku, weight_grams, hs_code FROM variant WHERE id IN ({variants})"


async def with_items(reader: Reader, questions: Sequence[Question]) -> list[Question]:
    """The questions with SKUs, weights and HS codes; those that have them already keep them."""
    wanted = sorted({variant for each in questions if each.items is None for variant in each.demand})
    found: dict[UUID, Item] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        rows = await reader.fetch(_ITEMS.format(variants=placeholders(len(part))), *part)
        found |= {read_id(row["id"]): Item(row["sku"], row["weight_grams"], row["hs_code"]) for row in rows}
    return [
        each
        if each.items is not None
        else replace(each, items={variant: found[variant] for variant in each.demand if variant in found})
        for each in questions
    ]
