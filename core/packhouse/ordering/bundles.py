"""Taking bundles apart: the order line stays the bundle, the work is its components."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from packhouse.catalog.bundles import Part, parts_of_bundles
from packhouse.ordering.pricing import KnownVariant
from packhouse.ordering.work import WorkLine
from packhouse.sdk import new_id
from packhouse.storage import Reader, UnitOfWork


async def parts_of(reader: Reader, variants: Sequence[KnownVariant]) -> Mapping[UUID, Sequence[Part]]:
    """The parts of the bundles among the variants; nothing is read where there is none."""
    bundles = sorted({variant.id for variant in variants if variant.is_bundle})
    return await parts_of_bundles(reader, bundles)


def taken_apart(lines: Sequence[WorkLine], parts: Mapping[UUID, Sequence[Part]]) -> list[WorkLine]:
    """The lines with every bundle replaced by its parts."""
    return [
        each
        for line in lines
        for each in (
            [
                replace(line, variant_id=part.variant_id, sku=part.sku, quantity=line.quantity * part.quantity)
                for part in parts[line.variant_id]
            ]
            if line.variant_id in parts
            else [line]
        )
    ]


async def insert_parts(uow: UnitOfWork, lines: Mapping[UUID, UUID], parts: Mapping[UUID, Sequence[Part]]) -> None:
    """Keep what the bundles of an order were made of when it was placed; `lines` are their variants by order line."""
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "order_line_id": line_id,
            "variant_id": part.variant_id,
            "sku": part.sku,
            "quantity": part.quantity,
        }
        for line_id, variant_id in lines.items()
        for part in parts.get(variant_id, ())
    ]
    await uow.insert("order_line_component", rows)
