"""Routing a basket as placing it would, without writing anything."""

from dataclasses import dataclass

from packhouse.ordering.basket import BasketLine, work_of_basket
from packhouse.ordering.commands.allocate import demand_of
from packhouse.ordering.commands.supply import Heading, find_supply
from packhouse.routing.questions import NOWHERE, Destination, RuleSet
from packhouse.routing.rules import Route
from packhouse.storage import Reader


@dataclass(frozen=True, slots=True)
class PreviewRouting:
    """A basket for a channel and a destination; `draft` are rules to try instead of those in force."""

    lines: tuple[BasketLine, ...]
    channel: str = ""
    destination: Destination = NOWHERE
    draft: RuleSet | None = None


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """Units of a SKU that a location would send; `waits`: when they have come."""

    location: str
    sku: str
    quantity: int
    waits: bool = False


async def preview_routing(reader: Reader, data: PreviewRouting) -> tuple[Route, list[PreviewPart]]:
    """What would be decided now, and what each location would send.

    Raises:
        InvalidValue, Refused: as `work_of_basket`.
    """
    work = await work_of_basket(reader, data.lines)
    skus = {line.variant_id: line.sku for line in work}
    heading = Heading(data.channel, data.destination, data.draft)
    supply = await find_supply(reader, demand_of(work), heading=heading, may_wait=True)
    decision = supply.decision
    codes = {each.location_id: each.code for each in decision.question.candidates} if decision.question else {}
    parts = [
        PreviewPart(codes[location_id], skus[variant_id], quantity)
        for location_id, units in decision.assignments.items()
        for variant_id, quantity in units.items()
        if quantity
    ]
    parts += [
        PreviewPart(codes[location_id], skus[variant_id], quantity, waits=True)
        for (variant_id, location_id), quantity in supply.waits.items()
    ]
    return decision, parts
