"""Moving stock: balances and ledger in one step, keys in sorted order, never below zero, never oversold."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from packhouse.inventory.states import MovementKind
from packhouse.sdk import Refused, new_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.unit_of_work import Conflict

# The balances of a variant at a location, as columns of its row and of its ledger.
BUCKETS = ("on_hand", "allocated", "reserved", "damaged", "quarantined", "safety_stock", "incoming")


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of the balances of a variant at a location: deltas in units, what it was, why, and what for."""

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
    order_id: UUID | None = None
    reference: str = ""


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


# `on_hand - allocated - reserved - damaged - quarantined` may not fall below nothing; a claim leaves the safety stock too.
_MOVE = f"""
UPDATE stock_level SET {", ".join(f"{bucket} = {bucket} + ${n}" for n, bucket in enumerate(BUCKETS, 3))}
WHERE variant_id = $1 AND location_id = $2
  AND {" AND ".join(f"{bucket} + ${n} >= 0" for n, bucket in enumerate(BUCKETS, 3))}
  AND on_hand + $3 >= allocated + $4 + reserved + $5 + damaged + $6 + quarantined + $7
RETURNING variant_id
"""
_CLAIM = """
UPDATE stock_level SET allocated = allocated + $3
WHERE variant_id = $1 AND location_id = $2
  AND on_hand - allocated - reserved - damaged - quarantined - safety_stock >= $3
RETURNING variant_id
"""
# Units that move between claims are not asked for again: only what is claimed anew has to be available.
_CLAIM_AND_HOLD = """
UPDATE stock_level SET allocated = allocated + $3, reserved = reserved + $4
WHERE variant_id = $1 AND location_id = $2 AND reserved + $4 >= 0
  AND ($3 + $4 <= 0 OR on_hand - allocated - reserved - damaged - quarantined - safety_stock >= $3 + $4)
RETURNING variant_id
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
    """
    for movement in _summed(movements):
        key = (movement.variant_id, movement.location_id)
        if movement.on_hand > 0 or movement.incoming > 0:
            await open_balance(uow, *key)
        if not await uow.fetch(_MOVE, *key, *deltas(movement)):
            raise NotEnoughStock(movement)
    await write_ledger(uow, movements)


async def open_balance(uow: UnitOfWork, variant_id: UUID, location_id: UUID) -> None:
    """Make sure that a variant has a balance at a location, also where somebody else opens it at this moment."""
    await uow.execute(_OPEN_LEVEL, new_id(), variant_id, location_id)


async def claim_stock(uow: UnitOfWork, movements: Sequence[Movement]) -> None:
    """Allocate or reserve units that were seen as available, and move what was reserved on; nothing else moves here.

    Raises:
        Conflict: somebody else was faster: the unit of work is run again and routes on what is left.
    """
    for movement in _summed(movements):
        key = (movement.variant_id, movement.location_id)
        if movement.reserved:
            claimed = await uow.fetch(_CLAIM_AND_HOLD, *key, movement.allocated, movement.reserved)
        else:
            claimed = await uow.fetch(_CLAIM, *key, movement.allocated)
        if not claimed:
            raise Conflict("somebody else took the same stock at this moment; try again")
    await write_ledger(uow, movements)


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


async def write_ledger(uow: UnitOfWork, movements: Sequence[Movement]) -> None:
    """Write entries of the ledger; the caller has changed the balances by as much."""
    occurred_at = now()
    uow.moved.update(movement.variant_id for movement in movements)
    await uow.insert(
        "stock_movement",
        [
            {
                "id": new_id(),
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
                "reason": movement.reason,
                "order_id": movement.order_id,
                "reference": movement.reference,
                "actor": uow.initiator.actor,
                "occurred_at": occurred_at,
            }
            for movement in movements
        ],
    )
