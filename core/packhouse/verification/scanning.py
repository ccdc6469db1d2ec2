"""Looking for broken invariants in batches of ids: in constant memory, and without holding anything up."""

from collections.abc import AsyncIterator
from uuid import UUID

from packhouse.storage import Reader
from packhouse.storage.dialect import read_id
from packhouse.verification.invariants import Invariant, Violation

BATCH = 1_000
_BEFORE_ALL = UUID(int=0)


async def violations(reader: Reader, invariant: Invariant, *, batch: int = BATCH) -> AsyncIterator[Violation]:
    """Every row that breaks an invariant, in the order of the ids."""
    table = invariant.table
    last_of_batch = (
        f'SELECT id FROM (SELECT id FROM "{table}" WHERE id > $1 ORDER BY id LIMIT {batch}) AS batch'
        " ORDER BY id DESC LIMIT 1"
    )
    broken = invariant.broken.format(batch=f"{table}.id > $1 AND {table}.id <= $2")
    after = _BEFORE_ALL
    while ends := await reader.fetch(last_of_batch, after):
        upto = read_id(ends[0]["id"])
        for row in await reader.fetch(broken, after, upto):
            yield Violation(invariant, row)
        after = upto


async def violation_of(reader: Reader, invariant: Invariant, id_: UUID) -> Violation | None:
    """Whether this very row breaks the invariant now."""
    rows = await reader.fetch(invariant.broken.format(batch=f"{invariant.table}.id = $1"), id_)
    return Violation(invariant, rows[0]) if rows else None
