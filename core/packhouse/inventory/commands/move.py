"""Moving stock: balances and ledger in one step, keys in sorted order, never below zero, never oversold."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from packhouse.events.record import record
from packhouse.inventory.commands.place_movements import Key, place_movements, write_entries
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import MovementKind
from packhouse.sdk import EventType, Refused, new_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.unit_of_work import Conflict

# The balances of a variant at a location, as columns of its row and of its ledger.
BUCKETS = ("on_hand", "allocated", "reserved", "damaged", "quarantined", "safety_stock", "incoming", "backordered")


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of the balances of a variant at a location: deltas in units, what it was, why, and what for.

    `placed` says in which bins and of which lots it happens; without it, a level that is divided by them finds out by rule.
    """

    variant_id: UUID
    location_id: UUID
    kind: MovementKind
    reason: str
    on_hand: int = 0
    allocated: int = 0
    reserved: int = 0
    damaged: int = 0
    quarantined: int = 0
    safety_stock: int = 0
    incoming: int = 0
    backordered: int = 0
    order_id: UUID | None = None
    reference: str = ""
    placed: tuple[Placed, ...] = ()


class NotEnoughStock(Refused):
    """The balances of a variant at a location do not allow a movement."""

    def __init__(self, movement: Movement) -> None:
        super().__init__(
            "INSUFFICIENT_STOCK",
            f"the stock of variant {movement.variant_id} at location {movement.location_id} does not allow to"
            f" {movement.kind} so many units",
        )
        self.variant_id = movement.variant_id
        self.location_id = movement.location_id


# What is free of any claim; units that orders wait for are theirs, so a new claim leaves them too.
_FREE = "on_hand - allocated - reserved - damaged - quarantined - safety_stock"
# `on_hand - allocated - reserved - damaged - quarantined` may not fall below nothing; a claim leaves the safety stock too.
_MOVE = f"""
UPDATE stock_level SET {", ".join(f"{bucket} = {bucket} + ${n}" for n, bucket in enumerate(BUCKETS, 3))}
WHERE variant_id = $1 AND location_id = $2
  AND {" AND ".join(f"{bucket} + ${n} >= 0" for n, bucket in enumerate(BUCKETS, 3))}
  AND on_hand + $3 >= allocated + $4 + reserved + $5 + damaged + $6 + quarantined + $7
RETURNING backordered, {_FREE} AS free, is_divided, bin, on_hand, damaged, quarantined
"""
_CLAIM = f"""
UPDATE stock_level SET allocated = allocated + $3
WHERE variant_id = $1 AND location_id = $2 AND {_FREE} - backordered >= $3
RETURNING variant_id
"""
# Units that move between claims are not asked for again: only what is claimed anew has to be available.
_CLAIM_AND_HOLD = f"""
UPDATE stock_level SET allocated = allocated + $3, reserved = reserved + $4
WHERE variant_id = $1 AND location_id = $2 AND reserved + $4 >= 0
  AND ($3 + $4 <= 0 OR {_FREE} - backordered >= $3 + $4)
RETURNING backordered, {_FREE} AS free
"""
# And wait for more, within the limit: that of a pre-order as long as the variant is not available ($6 is now).
_CLAIM_AND_WAIT = f"""
UPDATE stock_level SET allocated = allocated + $3, reserved = reserved + $4, backordered = backordered + $5
WHERE variant_id = $1 AND location_id = $2 AND reserved + $4 >= 0
  AND ($3 + $4 <= 0 OR {_FREE} - backordered >= $3 + $4)
  AND backordered + $5 <= (
    SELECT CASE WHEN variant.available_from > $6 THEN stock_level.preorder_limit ELSE stock_level.backorder_limit END
    FROM variant WHERE variant.id = stock_level.variant_id)
RETURNING backordered, {_FREE} AS free
"""
_OPEN_LEVEL = """
INSERT INTO stock_level
  (id, variant_id, location_id, bin, on_hand, allocated, reserved, damaged, quarantined, safety_stock, incoming)
VALUES ($1, $2, $3, '', 0, 0, 0, 0, 0, 0, 0)
ON CONFLICT (variant_id, location_id) DO NOTHING
"""


async def apply_movements(uow: UnitOfWork, movements: Sequence[Movement]) -> None:
    """Change balances and write the ledger. Call it last in a command: stock rows are what others wait for.

    Raises:
        NotEnoughStock: a balance would fall below nothing, or more would be claimed than is there. Nothing is changed.
        Refused: INSUFFICIENT_STOCK: the units are not in the bin or of the lot that they are taken from.
    """
    levels: dict[Key, Mapping[str, Any]] = {}
    for movement in _summed(movements):
        key = (movement.variant_id, movement.location_id)
        if movement.on_hand > 0 or movement.incoming > 0 or movement.placed:
            await open_balance(uow, *key)
        moved = await uow.fetch(_MOVE, *key, *deltas(movement))
        if not moved:
            raise NotEnoughStock(movement)
        _tell_waiting(uow, movement, moved[0]["backordered"], moved[0]["free"])
        levels[key] = moved[0]
    if any(level["is_divided"] for level in levels.values()) or any(each.placed for each in movements):
        movements = await place_movements(uow, movements, levels)
    ids = await write_ledger(uow, movements)
    if any(each.placed for each in movements):
        await write_entries(uow, movements, ids)


async def open_balance(uow: UnitOfWork, variant_id: UUID, location_id: UUID) -> None:
    """Make sure that a variant has a balance at a location, also where somebody else opens it at this moment."""
    await uow.execute(_OPEN_LEVEL, new_id(), variant_id, location_id)


async def claim_stock(uow: UnitOfWork, movements: Sequence[Movement]) -> None:
    """Allocate, reserve or wait for units as was seen to be possible, and move what was reserved on; nothing else moves here.

    Raises:
        Conflict: somebody else was faster: the unit of work is run again and routes on what is left.
    """
    for movement in _summed(movements):
        key = (movement.variant_id, movement.location_id)
        if movement.backordered:
            changes = (movement.allocated, movement.reserved, movement.backordered)
            claimed = await uow.fetch(_CLAIM_AND_WAIT, *key, *changes, now())
        elif movement.reserved:
            claimed = await uow.fetch(_CLAIM_AND_HOLD, *key, movement.allocated, movement.reserved)
        else:
            claimed = await uow.fetch(_CLAIM, *key, movement.allocated)
        if not claimed:
            raise Conflict("somebody else took the same stock at this moment; try again")
        if movement.backordered or movement.reserved:
            _tell_waiting(uow, movement, claimed[0]["backordered"], claimed[0]["free"])
    await write_ledger(uow, movements)


def _tell_waiting(uow: UnitOfWork, movement: Movement, waiting: int, free: int) -> None:
    """Record that there are free units which orders wait for, or that others are expected than before."""
    if waiting and (free > 0 or movement.incoming):
        tell_waiting(uow, movement.variant_id, movement.location_id, movement.reason)


def tell_waiting(uow: UnitOfWork, variant_id: UUID, location_id: UUID, reason: str) -> None:
    """Record that something changed of which orders wait: who acts on it looks at what is true then."""
    payload = {"variant_id": str(variant_id), "location_id": str(location_id)}
    record(uow, EventType.AWAITED_STOCK_CHANGED, new_id(), reason=reason, payload=payload)


def deltas(movement: Movement) -> tuple[int, ...]:
    """What a movement changes, in the order of `BUCKETS`."""
    return tuple(getattr(movement, bucket) for bucket in BUCKETS)


def _summed(movements: Sequence[Movement]) -> list[Movement]:
    """One movement for each key, in the one order in which everybody locks them."""
    same_key: dict[tuple[UUID, UUID], list[Movement]] = defaultdict(list)
    for movement in movements:
        same_key[movement.variant_id, movement.location_id].append(movement)
    return [same[0] if len(same) == 1 else _sum(same) for _, same in sorted(same_key.items())]


def _sum(same: Sequence[Movement]) -> Movement:
    sums = map(sum, zip(*map(deltas, same), strict=True))
    changes: dict[str, Any] = dict(zip(BUCKETS, sums, strict=True))
    return replace(same[0], **changes)


async def write_ledger(uow: UnitOfWork, movements: Sequence[Movement]) -> list[UUID]:
    """Write entries of the ledger and give their ids; the caller has changed the balances by as much."""
    occurred_at = now()
    uow.moved.update(movement.variant_id for movement in movements)
    ids = [new_id() for _ in movements]
    await uow.insert(
        "stock_movement",
        [
            {
                "id": id_,
                "variant_id": movement.variant_id,
                "location_id": movement.location_id,
                "kind": movement.kind.value,
                "on_hand": movement.on_hand,
                "allocated": movement.allocated,
                "reserved": movement.reserved,
                "damaged": movement.damaged,
                "quarantined": movement.quarantined,
                "safety_stock": movement.safety_stock,
                "incoming": movement.incoming,
                "backordered": movement.backordered,
                "reason": movement.reason,
                "order_id": movement.order_id,
                "reference": movement.reference,
                "actor": uow.initiator.actor,
                "occurred_at": occurred_at,
            }
            for id_, movement in zip(ids, movements, strict=True)
        ],
    )
    return ids
