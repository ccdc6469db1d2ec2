"""Claims on stock against the work that they are for: each line of work claims what it has still to send, and no more."""

from packhouse.inventory.states import AllocationStatus
from packhouse.sdk import new_id, now
from packhouse.storage import UnitOfWork
from packhouse.verification.invariants import Found, Invariant
from packhouse.verification.waiting import WAITING_WORK
from packhouse.verification.work import corrected, corrected_stock

_CLAIMED = """(
  SELECT COALESCE(SUM(quantity), 0) FROM allocation
  WHERE allocation.fulfillment_order_line_id = fulfillment_order_line.id AND allocation.status = '{status}')"""
_OF_NO_WORK = """
  SELECT allocation.id, allocation.status AS stored, 'released' AS correct, allocation.quantity, allocation.variant_id,
    allocation.location_id, allocation.order_line_id, order_line.order_id
  FROM allocation LEFT JOIN order_line ON order_line.id = allocation.order_line_id
  WHERE {batch} AND allocation.status <> 'released' AND NOT EXISTS (
    SELECT 1 FROM fulfillment_order_line
    JOIN fulfillment_order ON fulfillment_order.id = fulfillment_order_line.fulfillment_order_id
    WHERE fulfillment_order_line.id = allocation.fulfillment_order_line_id
      AND fulfillment_order_line.order_line_id = allocation.order_line_id
      AND fulfillment_order_line.variant_id = allocation.variant_id
      AND fulfillment_order.location_id = allocation.location_id)
  ORDER BY allocation.id"""


async def _release(uow: UnitOfWork, row: Found, reason: str) -> None:
    await uow.execute("UPDATE allocation SET status = $2 WHERE id = $1", row["id"], AllocationStatus.RELEASED.value)
    if row["order_id"] is not None:
        await corrected(uow, row, "allocation", reason)
    else:
        corrected_stock(uow, row, "allocation", reason)


async def _set_claims(uow: UnitOfWork, row: Found, reason: str, status: AllocationStatus) -> None:
    """Claims of a line in this status come to what is correct: the newest go first, or one is added.

    Balances are another invariant's, which looks at them after this.
    """
    difference = row["correct"] - row["stored"]
    if difference > 0:
        claim = {
            "id": new_id(),
            "variant_id": row["variant_id"],
            "location_id": row["location_id"],
            "order_line_id": row["order_line"],
            "fulfillment_order_line_id": row["id"],
            "status": status.value,
            "quantity": difference,
            "created_at": now(),
        }
        await uow.insert("allocation", [claim])
    else:
        await _take_away(uow, row, status, -difference)
    await corrected(uow, row, "allocation", reason)


async def _take_away(uow: UnitOfWork, row: Found, status: AllocationStatus, units: int) -> None:
    claims = await uow.fetch(
        "SELECT id, quantity FROM allocation WHERE fulfillment_order_line_id = $1 AND status = $2 ORDER BY id DESC",
        row["id"],
        status.value,
    )
    for claim in claims:
        taken = min(units, claim["quantity"])
        units -= taken
        if taken == claim["quantity"]:
            await uow.execute(
                "UPDATE allocation SET status = $2 WHERE id = $1", claim["id"], AllocationStatus.RELEASED.value
            )
        elif taken:
            await uow.execute("UPDATE allocation SET quantity = quantity - $2 WHERE id = $1", claim["id"], taken)


async def _set_open(uow: UnitOfWork, row: Found, reason: str) -> None:
    await _set_claims(uow, row, reason, AllocationStatus.ALLOCATED)


async def _set_consumed(uow: UnitOfWork, row: Found, reason: str) -> None:
    await _set_claims(uow, row, reason, AllocationStatus.SHIPPED)


_TO_SEND = "fulfillment_order_line.quantity - fulfillment_order_line.shipped - fulfillment_order_line.cancelled"
# Work that waits claims what has come already: only more than it has to send is wrong.
_TO_CLAIM = f"""CASE WHEN {WAITING_WORK} AND {_CLAIMED.format(status="allocated")} < {_TO_SEND}
  THEN {_CLAIMED.format(status="allocated")} ELSE {_TO_SEND} END"""


def _claims(name: str, status: AllocationStatus, units: str, what: str) -> Invariant:
    return Invariant(
        name=name,
        table="fulfillment_order_line",
        broken=f"""SELECT * FROM (
          SELECT fulfillment_order_line.id, fulfillment_order_line.sku, fulfillment_order_line.variant_id,
            fulfillment_order_line.order_line_id AS order_line, fulfillment_order.location_id, fulfillment_order.order_id,
            fulfillment_order.id AS fulfillment_order, {_CLAIMED.format(status=status.value)} AS stored, {units} AS correct
          FROM fulfillment_order_line
          JOIN fulfillment_order ON fulfillment_order.id = fulfillment_order_line.fulfillment_order_id
          WHERE {{batch}}) AS line WHERE stored <> correct ORDER BY id""",
        message=f"{{stored}} units of {{sku}} are {what}, and it has {{correct}}",
        proposal=f"make it {{correct}} units that are {what}",
        ids=("fulfillment_order", "order_line", "order_id"),
        repair=_set_open if status is AllocationStatus.ALLOCATED else _set_consumed,
    )


INVARIANTS = (
    Invariant(
        name="every claim is for a line of work at its location",
        table="allocation",
        broken=_OF_NO_WORK,
        message="{quantity} units are {stored} for work that is not there, or not of this article at this location",
        proposal="release the claim",
        ids=("variant_id", "location_id", "order_line_id"),
        repair=_release,
    ),
    _claims(
        "a fulfillment order line claims what it has still to send",
        AllocationStatus.ALLOCATED,
        _TO_CLAIM,
        "claimed for what is still to send",
    ),
    _claims(
        "a fulfillment order line's consumed claims are what it has shipped",
        AllocationStatus.SHIPPED,
        "fulfillment_order_line.shipped",
        "claimed for what has shipped",
    ),
)
