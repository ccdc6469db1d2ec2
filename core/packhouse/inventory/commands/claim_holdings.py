"""Giving picks their units: which bins and lots they fetch from, until the units have left or the pick has ended."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from packhouse.inventory.holdings import shelves_of
from packhouse.inventory.models import Bin, HoldingClaim, StockLevel
from packhouse.inventory.shelves import Placed, Shelf, choose
from packhouse.inventory.states import BinKind
from packhouse.storage import UnitOfWork

# Where pickers come by: the bin's kind, its sequence, its code.
Walk = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Fetch:
    """Units of a variant to fetch for a line of work, from one bin and of one lot; `is_divided` says that they are claimed there."""

    line_id: UUID
    variant_id: UUID
    bin: str
    lot: str
    quantity: int
    walk: Walk
    is_divided: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units of a variant that a line of work still has to fetch."""

    line_id: UUID
    variant_id: UUID
    quantity: int


async def choose_units(uow: UnitOfWork, location_id: UUID, wanted: Sequence[Wanted]) -> list[Fetch]:
    """Where to fetch what is wanted at a location, first expired first; fewer units where fewer may be sold.

    Divided levels are locked until the end of the transaction, so that nobody else is sent for the same units.
    """
    levels = {
        row.variant_id: row
        for row in await StockLevel.filter(location_id=location_id, variant_id__in={each.variant_id for each in wanted})
    }
    divided = sorted(variant_id for variant_id, level in levels.items() if level.is_divided)
    if divided:
        locked = StockLevel.filter(location_id=location_id, variant_id__in=divided).order_by("variant_id")
        await locked.select_for_update()
    shelves = dict(await shelves_of(uow, location_id, divided))
    walks = await _walks(location_id, [level.bin for level in levels.values() if not level.is_divided])
    fetches = []
    for each in wanted:
        level = levels.get(each.variant_id)
        if level is None or not level.is_divided:
            code = level.bin if level else ""
            walk = walks.get(code, (0, 0, code))
            fetches.append(Fetch(each.line_id, each.variant_id, code, "", each.quantity, walk, is_divided=False))
            continue
        chosen = choose(shelves.get(each.variant_id, []), each.quantity)
        shelves[each.variant_id], fetched = _claimed(shelves.get(each.variant_id, []), chosen, each)
        fetches += fetched
    return fetches


def _claimed(shelves: Sequence[Shelf], chosen: Sequence[Placed], wanted: Wanted) -> tuple[list[Shelf], list[Fetch]]:
    units = {each.place: each.on_hand for each in chosen}
    fetches = [
        Fetch(wanted.line_id, wanted.variant_id, *shelf.place, units[shelf.place], shelf.walk, is_divided=True)
        for shelf in shelves
        if shelf.place in units
    ]
    return [replace(shelf, claimed=shelf.claimed + units.get(shelf.place, 0)) for shelf in shelves], fetches


async def _walks(location_id: UUID, codes: Collection[str]) -> Mapping[str, Walk]:
    if not any(codes):
        return {}
    rows = await Bin.filter(location_id=location_id, code__in=sorted(set(codes)))
    return {row.code: (0 if row.kind == BinKind.PICK_FACE else 1, row.sequence, row.code) for row in rows}


async def claim(location_id: UUID, fetch: Fetch, pick_id: UUID) -> None:
    """Keep the units of a pick apart from those of others."""
    await HoldingClaim.create(
        pick_id=pick_id,
        fulfillment_order_line_id=fetch.line_id,
        variant_id=fetch.variant_id,
        location_id=location_id,
        bin=fetch.bin,
        lot=fetch.lot,
        quantity=fetch.quantity,
    )


async def keep_claims(units: Mapping[UUID, int]) -> None:
    """Let the claims of these picks hold so many units from now on: none holds more than it did, and none of nothing stays."""
    for row in await HoldingClaim.filter(pick_id__in=sorted(units)).order_by("id").select_for_update():
        kept = min(row.quantity, units[row.pick_id])
        if kept > 0:
            await HoldingClaim.filter(id=row.id).update(quantity=kept)
        else:
            await HoldingClaim.filter(id=row.id).delete()


async def claims_of_lines(line_ids: Collection[UUID]) -> Mapping[UUID, list[HoldingClaim]]:
    """The claims of lines of work, locked, the oldest pick's first."""
    found: dict[UUID, list[HoldingClaim]] = defaultdict(list)
    rows = HoldingClaim.filter(fulfillment_order_line_id__in=sorted(line_ids)).order_by("id").select_for_update()
    for row in await rows:
        found[row.fulfillment_order_line_id].append(row)
    return found
