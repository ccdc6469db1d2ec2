"""Routing a basket as placing it would, without writing anything."""

from dataclasses import dataclass

from packhouse.ordering.commands.supply import Heading, find_supply
from packhouse.ordering.pricing import MAX_LINES, MAX_QUANTITY
from packhouse.ordering.records import known_variants
from packhouse.routing.questions import NOWHERE, Destination, RuleSet
from packhouse.routing.rules import Route
from packhouse.sdk import InvalidValue, Refused
from packhouse.storage import Reader


@dataclass(frozen=True, slots=True)
class PreviewRouting:
    """A basket of (sku, units), for a channel and a destination; `draft` are rules to try instead of those in force."""

    lines: tuple[tuple[str, int], ...]
    channel: str = ""
    destination: Destination = NOWHERE
    draft: RuleSet | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Units of a SKU that a location would send."""

    location: str
    sku: str
    quantity: int


async def preview_routing(reader: Reader, data: PreviewRouting) -> tuple[Route, list[Part]]:
    """What would be decided now, and what each location would send.

    Raises:
        InvalidValue: no lines, too many, or a quantity that is none.
        Refused: UNKNOWN_SKU.
    """
    if not 0 < len(data.lines) <= MAX_LINES:
        raise InvalidValue("lines", f"expected 1 to {MAX_LINES} lines")
    for index, (_, quantity) in enumerate(data.lines):
        if not 0 < quantity <= MAX_QUANTITY:
            raise InvalidValue(f"lines.{index}.quantity", f"expected 1 to {MAX_QUANTITY} units")
    variants = await known_variants(reader, [sku for sku, _ in data.lines])
    for index, (sku, _) in enumerate(data.lines):
        if sku not in variants:
            raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {sku}", f"lines.{index}.sku")
    skus = {variant.id: sku for sku, variant in variants.items()}
    demand = dict.fromkeys(skus, 0)
    for sku, quantity in data.lines:
        demand[variants[sku].id] += quantity
    supply = await find_supply(reader, demand, heading=Heading(data.channel, data.destination, data.draft))
    decision = supply.decision
    codes = {each.location_id: each.code for each in decision.question.candidates} if decision.question else {}
    parts = [
        Part(codes[location_id], skus[variant_id], quantity)
        for location_id, units in decision.assignments.items()
        for variant_id, quantity in units.items()
    ]
    return decision, parts
