"""Work against the facts: what shipments, parcels and picks say of each line of a fulfillment order."""

from packhouse.events.record import record
from packhouse.fulfillment.states import FulfillmentOrderStatus
from packhouse.sdk import EventType, new_id, now
from packhouse.shipping.states import ShipmentStatus
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id
from packhouse.verification.invariants import Found, Invariant

_SENT = ", ".join(
    f"'{status.value}'"
    for status in (
        ShipmentStatus.HANDED_OVER,
        ShipmentStatus.DELIVERED,
        ShipmentStatus.RETURNED_TO_SENDER,
        ShipmentStatus.LOST,
    )
)
IS_SENT = f"shipment.status IN ({_SENT})"

_SHIPPED = f"""(
  SELECT COALESCE(SUM(shipment_line.quantity), 0) FROM shipment_line
  JOIN shipment ON shipment.id = shipment_line.shipment_id
  WHERE shipment_line.order_line_id = fulfillment_order_line.order_line_id
    AND shipment_line.fulfillment_order_line_id = fulfillment_order_line.id AND {IS_SENT})"""
_PACKED = """(
  SELECT COALESCE(SUM(quantity), 0) FROM parcel_item
  WHERE parcel_item.fulfillment_order_line_id = fulfillment_order_line.id)"""
_PICKED = """(
  SELECT COALESCE(SUM(picked), 0) FROM pick WHERE pick.fulfillment_order_line_id = fulfillment_order_line.id)"""
_OPEN_UNITS = """(
  SELECT COALESCE(SUM(quantity - shipped - cancelled), 0) FROM fulfillment_order_line
  WHERE fulfillment_order_line.fulfillment_order_id = fulfillment_order.id)"""
_ENDED = "'closed', 'cancelled'"


async def corrected(uow: UnitOfWork, row: Found, what: str, reason: str) -> None:
    """Tell that something of an order was put right, and touch the order."""
    await uow.execute("UPDATE orders SET updated_at = $2 WHERE id = $1", row["order_id"], now())
    payload = {"changed": [what], "id": str(row["id"]), "stored": str(row["stored"]), "correct": str(row["correct"])}
    order_id = read_id(row["order_id"])
    record(uow, EventType.ORDER_CHANGED, new_id(), order_id=order_id, reason=reason, payload=payload)


def corrected_stock(uow: UnitOfWork, row: Found, what: str, reason: str) -> None:
    """Tell that something about a variant's stock at a location was put right, which is of no order."""
    payload = {
        "variant_ids": [str(read_id(row["variant_id"]))],
        "location_id": str(read_id(row["location_id"])),
        "changed": [what],
        "id": str(read_id(row["id"])),
    }
    record(uow, EventType.STOCK_MOVED, new_id(), reason=reason, payload=payload)


async def _recount(uow: UnitOfWork, row: Found, reason: str) -> None:
    """All counters of a line at once: one by one they may contradict each other on the way."""
    counters = f"shipped = {_SHIPPED}"
    if not row["network"]:
        counters += f", packed = {_PACKED}, picked = {_PICKED}"
    await uow.execute(f"UPDATE fulfillment_order_line SET {counters} WHERE id = $1", row["id"])
    await corrected(uow, row, "fulfillment_order_line", reason)


def _counter(name: str, column: str, fact: str, source: str, condition: str = "") -> Invariant:
    return Invariant(
        name=name,
        table="fulfillment_order_line",
        broken=f"""SELECT * FROM (
          SELECT fulfillment_order_line.id, fulfillment_order_line.sku, fulfillment_order.order_id,
            fulfillment_order.id AS fulfillment_order, fulfillment_order.network,
            fulfillment_order_line.{column} AS stored, {fact} AS correct
          FROM fulfillment_order_line
          JOIN fulfillment_order ON fulfillment_order.id = fulfillment_order_line.fulfillment_order_id
          WHERE {{batch}} {condition}) AS line WHERE stored <> correct ORDER BY id""",
        message=f"{column} is {{stored}} units of {{sku}}, {source} {{correct}}",
        proposal=f"set {column} to {{correct}}",
        ids=("fulfillment_order", "order_id"),
        repair=_recount,
    )


async def _end_work(uow: UnitOfWork, row: Found, reason: str) -> None:
    await uow.execute(
        "UPDATE fulfillment_order SET status = $2, closed_at = $3, next_poll_at = NULL WHERE id = $1",
        row["id"],
        row["correct"],
        now(),
    )
    await corrected(uow, row, "fulfillment_order", reason)


INVARIANTS = (
    _counter(
        "a fulfillment order line's shipped units are those of its shipments",
        "shipped",
        _SHIPPED,
        "its shipments have",
    ),
    _counter(
        "units in parcels are those that were packed",
        "packed",
        _PACKED,
        "its parcels have",
        "AND fulfillment_order.network = ''",
    ),
    _counter(
        "units on pick lists are those that were picked",
        "picked",
        _PICKED,
        "its picks have",
        "AND fulfillment_order.network = ''",
    ),
    Invariant(
        name="work with nothing left to send has ended",
        table="fulfillment_order",
        broken=f"""
          SELECT fulfillment_order.id, fulfillment_order.order_id, fulfillment_order.status AS stored,
            CASE WHEN EXISTS (SELECT 1 FROM fulfillment_order_line
              WHERE fulfillment_order_line.fulfillment_order_id = fulfillment_order.id AND shipped > 0)
            THEN '{FulfillmentOrderStatus.CLOSED}' ELSE '{FulfillmentOrderStatus.CANCELLED}' END AS correct
          FROM fulfillment_order
          WHERE {{batch}} AND status NOT IN ({_ENDED}, 'incomplete') AND {_OPEN_UNITS} = 0 ORDER BY id""",
        message="it is {stored}, and every unit has shipped or was cancelled",
        proposal="make it {correct}",
        ids=("order_id",),
        repair=_end_work,
    ),
    Invariant(
        name="work that has ended has nothing left to send",
        table="fulfillment_order",
        broken=f"""
          SELECT fulfillment_order.id, fulfillment_order.order_id, fulfillment_order.status AS stored,
            {_OPEN_UNITS} AS units
          FROM fulfillment_order WHERE {{batch}} AND status IN ({_ENDED}) AND {_OPEN_UNITS} <> 0 ORDER BY id""",
        message="it is {stored}, and {units} units of it have neither shipped nor been cancelled",
        proposal="find out whether they left: record the shipment, or cancel them",
        ids=("order_id",),
    ),
    Invariant(
        name="only a confirmed order has open work",
        table="fulfillment_order",
        broken=f"""
          SELECT fulfillment_order.id, fulfillment_order.order_id, fulfillment_order.status AS stored,
            orders.status AS order_status
          FROM fulfillment_order JOIN orders ON orders.id = fulfillment_order.order_id
          WHERE {{batch}} AND fulfillment_order.status NOT IN ({_ENDED}, 'incomplete') AND orders.status <> 'confirmed'
          ORDER BY fulfillment_order.id""",
        message="it is {stored}, and its order is {order_status}",
        proposal="find out whether the order stands: set its status right, or reject the work",
        ids=("order_id",),
    ),
)
