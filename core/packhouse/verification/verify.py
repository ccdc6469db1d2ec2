"""Verifying the whole database, and repairing it: facts first, then what is counted from them, stock last."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass

from asyncpg.exceptions import IntegrityConstraintViolationError

from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import read_id
from packhouse.verification import balances, channel_stock, claims, counters, counting, holdings, money, waiting, work
from packhouse.verification.invariants import Invariant, NotRepairable, Violation
from packhouse.verification.scanning import BATCH, violation_of, violations

# Each may lean on those before it.
INVARIANTS: tuple[Invariant, ...] = (
    *work.INVARIANTS,
    *waiting.INVARIANTS,
    *claims.INVARIANTS,
    *counters.INVARIANTS,
    *balances.INVARIANTS,
    *holdings.INVARIANTS,
    *counting.INVARIANTS,
    *channel_stock.INVARIANTS,
    *money.INVARIANTS,
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a repair: empty where the row is right now, else why it could not be repaired."""

    violation: Violation
    obstacle: str = ""


async def verify(database: Database, *, batch: int = BATCH) -> AsyncIterator[Violation]:
    """Everything that does not agree, on a live database: nothing, in a sound one. Memory does not grow with it."""
    for invariant in INVARIANTS:
        async for violation in violations(database, invariant, batch=batch):
            yield violation


async def repair(database: Database, by: Initiator, reason: str, *, batch: int = BATCH) -> AsyncIterator[Attempt]:
    """Put right what can be, each row in a transaction of its own, with the reason and the actor written down."""
    for invariant in INVARIANTS:
        async for violation in violations(database, invariant, batch=batch):
            yield Attempt(violation, await _repair(database, by, violation, reason))


async def _repair(database: Database, by: Initiator, violation: Violation, reason: str) -> str:
    async def put_right(uow: UnitOfWork) -> None:
        await _put_right(uow, violation, reason)

    try:
        await database.write(by, put_right)
    except NotRepairable as obstacle:
        return str(obstacle)
    return ""


async def _put_right(uow: UnitOfWork, violation: Violation, reason: str) -> None:
    invariant = violation.invariant
    if invariant.repair is None:
        raise NotRepairable(violation.proposal)
    if invariant.locks is not None:
        table, column = invariant.locks.value
        await uow.fetch(f"SELECT id FROM {table} WHERE id = $1 {uow.for_update()}", violation.row[column])
    now_found = await violation_of(uow, invariant, read_id(violation.row["id"]))
    if now_found is None:
        return
    try:
        await invariant.repair(uow, now_found.row, reason)
    except (sqlite3.IntegrityError, IntegrityConstraintViolationError) as error:
        raise NotRepairable(f"other counters stand in the way ({error}): look at them together") from error
