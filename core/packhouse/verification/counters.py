"""The counters of order lines against claims, shipments and returns; and how far their orders have come."""

from packhouse.storage import UnitOfWork
from packhouse.verification.invariants import Found, Invariant
from packhouse.verification.work import IS_SENT, corrected

_CLAIMED = """(
  SELECT COALESCE(SUM(allocation.quantity), 0) FROM allocation
  WHERE allocation.order_line_id = order_line.id AND allocation.status = 'allocated')"""
_IN_SHIPMENTS = """(
  SELECT COALESCE(SUM(shipment_line.quantity), 0) FROM shipment_line
  JOIN shipment ON shipment.id = shipment_line.shipment_id
  WHERE shipment_line.order_line_id = order_line.id AND {condition})"""
_WAITING = """(
  SELECT COALESCE(SUM(backorder.quantity), 0) FROM backorder
  WHERE backorder.order_line_id = order_line.id AND backorder.status = 'waiting')"""
# The same for one component of a bundle, and how many bundles that makes whole.
_COMPONENT_CLAIMED = """(
  SELECT COALESCE(SUM(allocation.quantity), 0) FROM allocation
  WHERE allocation.order_line_id = component.order_line_id AND allocation.variant_id = component.variant_id
    AND allocation.status IN ({statuses}))"""
_COMPONENT_IN_SHIPMENTS = """(
  SELECT COALESCE(SUM(shipment_line.quantity), 0) FROM shipment_line
  JOIN shipment ON shipment.id = shipment_line.shipment_id
  JOIN fulfillment_order_line ON fulfillment_order_line.id = shipment_line.fulfillment_order_line_id
  WHERE shipment_line.order_line_id = component.order_line_id
    AND fulfillment_order_line.variant_id = component.variant_id AND {condition})"""
_WHOLE = """(
  SELECT COALESCE(MIN({units} / component.quantity), 0) FROM order_line_component AS component
  WHERE component.order_line_id = order_line.id)"""


def _units(of_line: str, of_bundle: str) -> str:
    return f"CASE WHEN order_line.is_bundle THEN {of_bundle} ELSE {of_line} END"


def _in_shipments(condition: str) -> str:
    whole = _WHOLE.format(units=_COMPONENT_IN_SHIPMENTS.format(condition=condition))
    return _units(_IN_SHIPMENTS.format(condition=condition), whole)


_COVERED = _WHOLE.format(units=_COMPONENT_CLAIMED.format(statuses="'allocated', 'shipped'"))
_CONSUMED = _WHOLE.format(units=_COMPONENT_CLAIMED.format(statuses="'shipped'"))
_ALLOCATED = _units(_CLAIMED, f"{_COVERED} - {_CONSUMED}")
_COMPONENT_WAITING = """(
  SELECT COALESCE(SUM(backorder.quantity), 0) FROM backorder
  WHERE backorder.order_line_id = component.order_line_id AND backorder.variant_id = component.variant_id
    AND backorder.status = 'waiting')"""
_USED = _COMPONENT_CLAIMED.format(statuses="'allocated', 'shipped'")
_PROMISED = _WHOLE.format(units=f"({_USED} + {_COMPONENT_WAITING})")
_BACKORDERED = _units(_WAITING, f"{_PROMISED} - {_COVERED}")
_SHIPPED = _in_shipments(IS_SENT)
_DELIVERED = _in_shipments("shipment.status = 'delivered'")
_RETURNED = """(
  SELECT COALESCE(SUM(received), 0) FROM return_line WHERE return_line.order_line_id = order_line.id)"""


async def _recount(uow: UnitOfWork, row: Found, reason: str) -> None:
    """All counters of a line at once: one by one they may contradict each other on the way."""
    await uow.execute(
        f"UPDATE order_line SET allocated = {_ALLOCATED}, backordered = {_BACKORDERED}, shipped = {_SHIPPED}, delivered = {_DELIVERED},"
        f" returned = {_RETURNED} WHERE id = $1",
        row["id"],
    )
    await corrected(uow, row, "lines", reason)


def _counter(name: str, column: str, fact: str, source: str) -> Invariant:
    return Invariant(
        name=name,
        table="order_line",
        broken=f"""SELECT * FROM (
          SELECT order_line.id, order_line.order_id, order_line.sku, order_line.{column} AS stored, {fact} AS correct
          FROM order_line WHERE {{batch}}) AS line WHERE stored <> correct ORDER BY id""",
        message=f"{column} is {{stored}} units of {{sku}}, {source} {{correct}}",
        proposal=f"set {column} to {{correct}}",
        ids=("order_id",),
        repair=_recount,
    )


INVARIANTS = (
    _counter(
        "an order line's allocated units are the sum of its claims", "allocated", _ALLOCATED, "its claims come to"
    ),
    _counter(
        "an order line's backordered units are those that wait", "backordered", _BACKORDERED, "what waits comes to"
    ),
    _counter("an order line's shipped units are those of its shipments", "shipped", _SHIPPED, "its shipments have"),
    _counter(
        "an order line's delivered units are those of its delivered shipments",
        "delivered",
        _DELIVERED,
        "its delivered shipments have",
    ),
    _counter(
        "an order line's returned units are those that its returns received",
        "returned",
        _RETURNED,
        "its returns received",
    ),
    Invariant(
        name="all of a completed order has arrived",
        table="orders",
        broken="""
          SELECT orders.id, orders.id AS order_id, orders.number, SUM(ordered - cancelled - delivered) AS units
          FROM orders JOIN order_line ON order_line.order_id = orders.id
          WHERE {batch} AND orders.status = 'completed' AND NOT orders.is_imported AND order_line.requires_shipping
          GROUP BY orders.id, orders.number HAVING SUM(ordered - cancelled - delivered) <> 0 ORDER BY orders.id""",
        message="order {number} is completed, and {units} units of it have not been delivered",
        proposal="find out where they are: record the delivery, or set the order's status right",
    ),
)
