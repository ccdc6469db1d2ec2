"""Where movements of divided stock levels happen: every one is told its bins and lots, and the holdings follow."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from packhouse.inventory.holdings import shelves_of
from packhouse.inventory.shelves import Place, Placed, Shelf, divide, summed
from packhouse.inventory.states import MovementKind
from packhouse.sdk import Refused, new_id
from packhouse.storage import UnitOfWork

if TYPE_CHECKING:
    from packhouse.inventory.commands.move import Movement

Key = tuple[UUID, UUID]

_PUT = """
INSERT INTO stock_holding (id, variant_id, location_id, bin, lot, on_hand, damaged, quarantined)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (variant_id, location_id, bin, lot)
DO UPDATE SET on_hand = excluded.on_hand, damaged = excluded.damaged, quarantined = excluded.quarantined
"""
_EMPTY = "DELETE FROM stock_holding WHERE variant_id = $1 AND location_id = $2 AND bin = $3 AND lot = $4"


async def place_movements(
    uow: UnitOfWork, movements: Sequence["Movement"], levels: Mapping[Key, Mapping[str, Any]]
) -> list["Movement"]:
    """The movements, each with where it happens, and before them one for each level that they divide.

    `levels` are the rows of the levels concerned as they are after the movements: locked, so nobody else moves them.

    Raises:
        Refused: INSUFFICIENT_STOCK: the units are not where they are taken from, or are being picked.
    """
    of_level: dict[Key, list[Movement]] = defaultdict(list)
    for each in movements:
        of_level[each.variant_id, each.location_id].append(each)
    placed: list[Movement] = []
    for key, same in sorted(of_level.items()):
        level = levels[key]
        if level["is_divided"] or any(each.placed for each in same):
            placed += await _place(uow, level, same)
        else:
            placed += same
    return placed


async def write_entries(uow: UnitOfWork, movements: Sequence["Movement"], ids: Sequence[UUID]) -> None:
    """Write where the movements with these ids of the ledger happened."""
    await uow.insert(
        "holding_entry",
        [
            {
                "id": new_id(),
                "movement_id": id_,
                "variant_id": movement.variant_id,
                "location_id": movement.location_id,
                "bin": each.bin,
                "lot": each.lot,
                "on_hand": each.on_hand,
                "damaged": each.damaged,
                "quarantined": each.quarantined,
            }
            for movement, id_ in zip(movements, ids, strict=True)
            for each in movement.placed
        ],
    )


async def _place(uow: UnitOfWork, level: Mapping[str, Any], same: Sequence["Movement"]) -> list["Movement"]:
    variant_id, location_id = same[0].variant_id, same[0].location_id
    placed: list[Movement] = []
    if level["is_divided"]:
        found = (await shelves_of(uow, location_id, [variant_id])).get(variant_id, [])
    else:
        opening = await _divided(uow, level, same)
        placed += opening
        found = [Shelf(each.bin, each.lot, 0) for movement in opening for each in movement.placed]
        for movement in opening:
            found = _changed(found, movement.placed)
    before = {shelf.place: shelf for shelf in found}
    for movement in same:
        placed.append(_located(movement, found, level["bin"]))
        found = _changed(found, placed[-1].placed)
    for shelf in found:
        if shelf.free < 0 or shelf.damaged < 0 or shelf.quarantined < 0:
            raise _not_there(same[0], shelf)
        if shelf != before.get(shelf.place) or not level["is_divided"]:
            await _keep(uow, variant_id, location_id, shelf)
    return placed


async def _divided(uow: UnitOfWork, level: Mapping[str, Any], same: Sequence["Movement"]) -> list["Movement"]:
    """Divide a level: what was there lies in its bin and is of no lot, which a movement that changes nothing else says."""
    first = same[0]
    await uow.execute(
        "UPDATE stock_level SET is_divided = $3 WHERE variant_id = $1 AND location_id = $2",
        first.variant_id,
        first.location_id,
        True,
    )
    on_hand = level["on_hand"] - sum(each.on_hand for each in same)
    damaged = level["damaged"] - sum(each.damaged for each in same)
    quarantined = level["quarantined"] - sum(each.quarantined for each in same)
    if not on_hand:
        return []
    what_was = (Placed(level["bin"], "", on_hand, damaged, quarantined),)
    reason = "kept by bin and lot from now on"
    # of the same class, which is defined by whoever calls this
    opening = type(first)(
        first.variant_id,
        first.location_id,
        MovementKind.DIVIDE,
        reason,
        reference=first.reference,
        placed=what_was,
    )
    return [opening]


def _located(movement: "Movement", shelves: Sequence[Shelf], home: str) -> "Movement":
    change = Placed("", "", movement.on_hand, movement.damaged, movement.quarantined)
    if movement.placed:
        said = [sum(each) for each in zip(*(_units(part) for part in movement.placed), strict=True)]
        if said != list(_units(change)):
            raise ValueError(f"a movement of {_units(change)} cannot be placed as {movement.placed}")
        return movement
    if not any(_units(change)):
        return movement
    placed = divide(shelves, home, change, is_sent=movement.kind is MovementKind.SHIP)
    if placed is None:
        raise Refused(
            "INSUFFICIENT_STOCK",
            f"no bin and no lot of variant {movement.variant_id} at location {movement.location_id} has the units to"
            f" {movement.kind}: count its bins",
        )
    return replace(movement, placed=tuple(placed))


def _changed(shelves: Sequence[Shelf], changes: Sequence[Placed]) -> list[Shelf]:
    there: dict[Place, Shelf] = {shelf.place: shelf for shelf in shelves}
    for each in summed(changes):
        shelf = there.get(each.place) or Shelf(each.bin, each.lot, 0)
        there[each.place] = replace(
            shelf,
            on_hand=shelf.on_hand + each.on_hand,
            damaged=shelf.damaged + each.damaged,
            quarantined=shelf.quarantined + each.quarantined,
        )
    return list(there.values())


def _not_there(movement: "Movement", shelf: Shelf) -> Refused:
    where = f"bin {shelf.bin}" if shelf.bin else "no bin"
    lot = f"lot {shelf.lot}" if shelf.lot else "no lot"
    claimed = f", and {shelf.claimed} are being picked" if shelf.claimed else ""
    return Refused(
        "INSUFFICIENT_STOCK",
        f"the units of variant {movement.variant_id} in {where} of {lot} at location {movement.location_id} do not allow to"
        f" {movement.kind} so many{claimed}",
    )


async def _keep(uow: UnitOfWork, variant_id: UUID, location_id: UUID, shelf: Shelf) -> None:
    if shelf.on_hand:
        await uow.execute(_PUT, new_id(), variant_id, location_id, *shelf.place, *_units(shelf))
    else:
        await uow.execute(_EMPTY, variant_id, location_id, *shelf.place)


def _units(of: Placed | Shelf) -> tuple[int, int, int]:
    return of.on_hand, of.damaged, of.quarantined
