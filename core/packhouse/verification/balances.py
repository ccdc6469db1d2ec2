"""Balances against the ledger and against the claims on them; the repair is a correcting movement."""

from typing import Any
from uuid import UUID

from packhouse.events.record import record
from packhouse.inventory.commands.move import BUCKETS, Movement, open_balance, write_ledger
from packhouse.inventory.states import MovementKind
from packhouse.sdk import EventType, new_id
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id
from packhouse.verification.invariants import Found, Invariant, Locks, NotRepairable

# What a bucket has to come to besides the ledger's sum: the claims that are open.
_CLAIMS = {
    "allocated": """(
      SELECT COALESCE(SUM(quantity), 0) FROM allocation WHERE allocation.variant_id = stock_level.variant_id
        AND allocation.location_id = stock_level.location_id AND allocation.status = 'allocated')""",
    "reserved": """(
      SELECT COALESCE(SUM(reservation_line.quantity), 0) FROM reservation_line
      JOIN reservation ON reservation.id = reservation_line.reservation_id
      WHERE reservation_line.variant_id = stock_level.variant_id
        AND reservation_line.location_id = stock_level.location_id AND reservation.status = 'active')""",
    "backordered": """(
      SELECT COALESCE(SUM(quantity), 0) FROM backorder WHERE backorder.variant_id = stock_level.variant_id
        AND backorder.location_id = stock_level.location_id AND backorder.status = 'waiting')""",
    "incoming": """(
      SELECT COALESCE(SUM(inbound_line.expected - inbound_line.received), 0) FROM inbound_line
      JOIN inbound_shipment ON inbound_shipment.id = inbound_line.inbound_id
      WHERE inbound_line.variant_id = stock_level.variant_id
        AND inbound_shipment.location_id = stock_level.location_id
        AND inbound_shipment.status IN ('announced', 'partially_received')
        AND inbound_line.expected > inbound_line.received)""",
}


def _ledger(bucket: str) -> str:
    return f"""(
      SELECT COALESCE(SUM(stock_movement.{bucket}), 0) FROM stock_movement
      WHERE stock_movement.variant_id = stock_level.variant_id AND stock_movement.location_id = stock_level.location_id)"""


_BY_LEDGER = "make {bucket} {{correct}}, as the ledger says, by a correcting movement"
_BY_CLAIMS = "make {bucket} what the open claims, reservations, backorders and arrivals come to, here and in the ledger, by a correcting movement"


def _balance(bucket: str, correct: str, name: str, source: str) -> Invariant:
    proposal = _BY_CLAIMS if bucket in _CLAIMS else _BY_LEDGER
    return Invariant(
        name=name,
        table="stock_level",
        broken=f"""SELECT * FROM (
          SELECT stock_level.id, stock_level.variant_id, stock_level.location_id, stock_level.{bucket} AS stored,
            {correct} AS correct
          FROM stock_level WHERE {{batch}}) AS level WHERE stored <> correct ORDER BY id""",
        message=f"{bucket} is {{stored}}, {source} {{correct}}",
        proposal=proposal.format(bucket=bucket),
        ids=("variant_id", "location_id"),
        repair=_correct,
        locks=Locks.BALANCE,
    )


async def _correct(uow: UnitOfWork, row: Found, reason: str) -> None:
    """Set all balances of a key to what the ledger and the claims say, and let a movement say so.

    The ledger is right about what it alone knows; a claim is right about itself, so there the ledger follows.
    """
    key = (read_id(row["variant_id"]), read_id(row["location_id"]))
    columns = ", ".join(
        f"{bucket} AS stored_{bucket}, {_ledger(bucket)} AS ledger_{bucket}, "
        f"{_CLAIMS.get(bucket) or _ledger(bucket)} AS correct_{bucket}"
        for bucket in BUCKETS
    )
    [found] = await uow.fetch(f"SELECT {columns} FROM stock_level WHERE id = $1", row["id"])
    correct = {bucket: int(found[f"correct_{bucket}"]) for bucket in BUCKETS}
    held = correct["allocated"] + correct["reserved"] + correct["damaged"] + correct["quarantined"]
    if held > correct["on_hand"] or min(correct.values()) < 0:
        raise NotRepairable(
            f"it would hold {held} units of {correct['on_hand']} on hand: count the shelf, and free what is not there"
        )
    changes = ", ".join(f"{bucket} = ${number}" for number, bucket in enumerate(BUCKETS, 2))
    await uow.execute(f"UPDATE stock_level SET {changes} WHERE id = $1", row["id"], *correct.values())
    await _write_movement(uow, key, found, reason)
    payload = {
        "variant_id": str(key[0]),
        "location_id": str(key[1]),
        "on_hand": correct["on_hand"],
        "delta": correct["on_hand"] - found["stored_on_hand"],
    }
    record(uow, EventType.STOCK_ADJUSTED, new_id(), reason=reason, payload=payload)


async def _write_movement(uow: UnitOfWork, key: tuple[UUID, UUID], found: Found, reason: str) -> None:
    """The correcting entry; where only the row was wrong it changes nothing, and says what the row was."""
    wrong = [
        f"{bucket} was {found[f'stored_{bucket}']}"
        for bucket in BUCKETS
        if found[f"stored_{bucket}"] != found[f"correct_{bucket}"]
    ]
    deltas: dict[str, Any] = {
        bucket: int(found[f"correct_{bucket}"]) - int(found[f"ledger_{bucket}"]) for bucket in BUCKETS
    }
    text = f"{reason}: {', '.join(wrong)}" if wrong else reason
    await write_ledger(uow, [Movement(*key, MovementKind.CORRECT, text[:255], **deltas)])


async def _open(uow: UnitOfWork, row: Found, reason: str) -> None:  # noqa: ARG001  (every repair gets one; this moves nothing)
    """Open the balance that is missing; what it has to be is found by the invariants that come after."""
    await open_balance(uow, read_id(row["variant_id"]), read_id(row["location_id"]))


def _missing(name: str, table: str, what: str, condition: str = "") -> Invariant:
    return Invariant(
        name=name,
        table=table,
        broken=f"""
          SELECT {table}.id, {table}.variant_id, {table}.location_id FROM {table}
          WHERE {{batch}} {condition} AND NOT EXISTS (
            SELECT 1 FROM stock_level
            WHERE stock_level.variant_id = {table}.variant_id AND stock_level.location_id = {table}.location_id)
          ORDER BY {table}.id""",
        message=f"{what}, and its variant has no balance at its location",
        proposal="open the balance",
        ids=("variant_id", "location_id"),
        repair=_open,
        locks=None,
    )


INVARIANTS = (
    _missing("what the ledger has moved has a balance", "stock_movement", "it is in the ledger"),
    _missing("what is claimed has a balance", "allocation", "it claims units", "AND allocation.status = 'allocated'"),
    _missing("what is waited for has a balance", "backorder", "it waits", "AND backorder.status = 'waiting'"),
    _missing(
        "what is reserved has a balance",
        "reservation_line",
        "it holds units",
        "AND EXISTS (SELECT 1 FROM reservation WHERE reservation.id = reservation_id AND reservation.status = 'active')",
    ),
    *(
        _balance(
            bucket, _ledger(bucket), f"{bucket.replace('_', ' ')} is the sum of its movements", "its movements come to"
        )
        for bucket in BUCKETS
    ),
    _balance("allocated", _CLAIMS["allocated"], "allocated is the sum of the claims on it", "the claims come to"),
    _balance(
        "reserved",
        _CLAIMS["reserved"],
        "reserved is what active reservations hold",
        "active reservations hold",
    ),
    _balance(
        "backordered",
        _CLAIMS["backordered"],
        "backordered is what waiting orders wait for",
        "waiting orders wait for",
    ),
    _balance(
        "incoming",
        _CLAIMS["incoming"],
        "incoming is what inbound shipments still have to bring",
        "inbound shipments still have to bring",
    ),
)
