"""What waits for stock against the work that it is for: work begins when nothing of it waits, and not before."""

from packhouse.events.record import record
from packhouse.inventory.states import BackorderStatus
from packhouse.ordering.waiting import rank_day
from packhouse.sdk import EventType, new_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id
from packhouse.verification.invariants import Found, Invariant
from packhouse.verification.work import corrected

WAITING_WORK = "fulfillment_order.status IN ('backordered', 'scheduled')"
WAITS = """(
  SELECT COALESCE(SUM(backorder.quantity), 0) FROM backorder
  WHERE backorder.fulfillment_order_line_id = fulfillment_order_line.id AND backorder.status = 'waiting')"""
_CLAIMED = """(
  SELECT COALESCE(SUM(allocation.quantity), 0) FROM allocation
  WHERE allocation.fulfillment_order_line_id = fulfillment_order_line.id AND allocation.status = 'allocated')"""
_SOME_WAIT = """EXISTS (
  SELECT 1 FROM fulfillment_order_line JOIN backorder ON backorder.fulfillment_order_line_id = fulfillment_order_line.id
  WHERE fulfillment_order_line.fulfillment_order_id = fulfillment_order.id AND backorder.status = 'waiting')"""


async def _set_status(uow: UnitOfWork, row: Found, reason: str) -> None:
    await uow.execute("UPDATE fulfillment_order SET status = $2 WHERE id = $1", row["id"], row["correct"])
    await corrected(uow, row, "fulfillment_order", reason)
    if row["correct"] == "open":
        payload = {
            "fulfillment_order_id": str(row["id"]),
            "location_id": str(row["location_id"]),
            "network": row["network"],
            "units": int(row["units"]),
        }
        # it may have been asked for before
        order_id = read_id(row["order_id"])
        record(uow, EventType.FULFILLMENT_REQUESTED, row["id"], new_id(), order_id=order_id, payload=payload)


async def _release(uow: UnitOfWork, row: Found, reason: str) -> None:
    await _end(uow, row["id"])
    await corrected(uow, row, "backorder", reason)


async def _end(uow: UnitOfWork, id_: object) -> None:
    await uow.execute(
        "UPDATE backorder SET status = $2, ended_at = $3 WHERE id = $1", id_, BackorderStatus.RELEASED.value, now()
    )


async def _wait_for(uow: UnitOfWork, row: Found, reason: str) -> None:
    """One backorder of the line waits for what is correct, the others for nothing; balances are another invariant's."""
    rows = await uow.fetch(
        "SELECT id FROM backorder WHERE fulfillment_order_line_id = $1 AND status = $2 ORDER BY id",
        row["id"],
        BackorderStatus.WAITING.value,
    )
    units, at = int(row["correct"]), now()
    for extra in rows[1 if units else 0 :]:
        await _end(uow, extra["id"])
    if units and rows:
        await uow.execute("UPDATE backorder SET quantity = $2, asked = $2 WHERE id = $1", rows[0]["id"], units)
    elif units:
        keys = ("variant_id", "location_id", "order_id", "order_line_id", "sku")
        backorder = {
            "id": new_id(),
            **{key: row[key] for key in keys},
            "fulfillment_order_line_id": row["id"],
            "status": BackorderStatus.WAITING.value,
            "asked": units,
            "quantity": units,
            "promised_at": None,
            "expected_at": None,
            "rank_on": rank_day(None, at),
            "created_at": at,
            "ended_at": None,
        }
        await uow.insert("backorder", [backorder])
    await corrected(uow, row, "backorder", reason)


INVARIANTS = (
    Invariant(
        name="work begins when nothing of it waits",
        table="fulfillment_order",
        broken=f"""
          SELECT fulfillment_order.id, fulfillment_order.order_id, fulfillment_order.location_id,
            fulfillment_order.network, fulfillment_order.status AS stored, 0 AS units,
            CASE WHEN fulfillment_order.fulfill_at IS NULL THEN 'backordered' ELSE 'scheduled' END AS correct
          FROM fulfillment_order WHERE {{batch}} AND fulfillment_order.status = 'open' AND {_SOME_WAIT}
          ORDER BY fulfillment_order.id""",
        message="it is {stored}, and units of it wait for stock",
        proposal="make it {correct}",
        ids=("order_id",),
        repair=_set_status,
    ),
    Invariant(
        name="work of which nothing waits has begun",
        table="fulfillment_order",
        broken=f"""
          SELECT fulfillment_order.id, fulfillment_order.order_id, fulfillment_order.location_id,
            fulfillment_order.network, fulfillment_order.status AS stored, 'open' AS correct, (
              SELECT COALESCE(SUM(quantity - cancelled), 0) FROM fulfillment_order_line
              WHERE fulfillment_order_line.fulfillment_order_id = fulfillment_order.id) AS units
          FROM fulfillment_order WHERE {{batch}} AND fulfillment_order.status = 'backordered' AND NOT {_SOME_WAIT}
            AND NOT EXISTS (
              SELECT 1 FROM fulfillment_order_line WHERE fulfillment_order_line.fulfillment_order_id = fulfillment_order.id
                AND {_CLAIMED} < quantity - shipped - cancelled)
          ORDER BY fulfillment_order.id""",
        message="it is {stored}, and nothing of it waits for stock",
        proposal="make it {correct}",
        ids=("order_id",),
        repair=_set_status,
    ),
    Invariant(
        name="every backorder is for a line of waiting work at its location",
        table="backorder",
        broken=f"""
          SELECT backorder.id, backorder.order_id, backorder.sku, backorder.status AS stored, 'released' AS correct,
            backorder.quantity, backorder.variant_id, backorder.location_id
          FROM backorder WHERE {{batch}} AND backorder.status = 'waiting' AND NOT EXISTS (
            SELECT 1 FROM fulfillment_order_line
            JOIN fulfillment_order ON fulfillment_order.id = fulfillment_order_line.fulfillment_order_id
            WHERE fulfillment_order_line.id = backorder.fulfillment_order_line_id
              AND fulfillment_order_line.order_line_id = backorder.order_line_id
              AND fulfillment_order_line.variant_id = backorder.variant_id
              AND fulfillment_order.order_id = backorder.order_id
              AND fulfillment_order.location_id = backorder.location_id AND {WAITING_WORK})
          ORDER BY backorder.id""",
        message="{quantity} units of {sku} wait for work that is not there, or does not wait, or not at this location",
        proposal="release the backorder",
        ids=("variant_id", "location_id", "order_id"),
        repair=_release,
    ),
    Invariant(
        name="a line of waiting work waits for what it has to send and does not claim",
        table="fulfillment_order_line",
        broken=f"""SELECT * FROM (
          SELECT fulfillment_order_line.id, fulfillment_order_line.sku, fulfillment_order_line.variant_id,
            fulfillment_order_line.order_line_id, fulfillment_order.location_id, fulfillment_order.order_id,
            fulfillment_order.id AS fulfillment_order, {WAITS} AS stored,
            fulfillment_order_line.quantity - fulfillment_order_line.shipped - fulfillment_order_line.cancelled
              - {_CLAIMED} AS correct
          FROM fulfillment_order_line
          JOIN fulfillment_order ON fulfillment_order.id = fulfillment_order_line.fulfillment_order_id
          WHERE {{batch}} AND {WAITING_WORK}) AS line WHERE stored <> correct AND correct >= 0 ORDER BY id""",
        message="{stored} units of {sku} wait for stock, and {correct} are to be sent without a claim",
        proposal="let {correct} units wait",
        ids=("fulfillment_order", "order_line_id", "order_id"),
        repair=_wait_for,
    ),
)
