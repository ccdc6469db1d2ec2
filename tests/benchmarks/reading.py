"""The floors of reading: the same answers from hand-written SQL, once as rows and once as JSON made by the database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

import orjson

from packhouse.storage.dialect import placeholders

BOARD_SIZE = 50

# What the product is asked for; the floors answer with the same fields.
BOARD = """
query Board($first: Int!) {
  orders(first: $first, sort: PLACED_AT_DESC) {
    edges { cursor node {
      id number channel status placedAt email
      total { amount currency }
      shippingAddress { name line1 city postcode country }
      customer { id name email }
      lines { id sku title ordered allocated shipped delivered unitPrice { amount } total { amount } }
    } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
ORDER = """
query Order($id: ID!) {
  node(id: $id) { ... on Order {
    id number channel status placedAt email note tags
    total { amount currency } subtotal { amount } shipping { amount } tax { amount }
    shippingAddress { name line1 city postcode country }
    customer { id name email }
    lines { id sku title ordered allocated shipped delivered unitPrice { amount } total { amount } }
    holds { id reason note placedAt releasedAt }
    payments { id kind outcome amount { amount } occurredAt }
    fulfillmentOrders { id status lines { id sku quantity shipped } }
    shipments { id status trackingNumber trackingEvents { id status occurredAt } }
    returns { id status }
    reviews { id score title }
    timeline { id type occurredAt actor }
  } }
}
"""

_ORDER_COLUMNS = "o.id, o.number, o.channel, o.status, o.placed_at, o.email, o.total, o.currency, o.shipping_address"
_LINE_COLUMNS = "id, order_id, sku, title, ordered, allocated, shipped, delivered, unit_price, total"
_ROWS = f"""
SELECT {_ORDER_COLUMNS}, c.id AS customer_id, c.name AS customer_name, c.email AS customer_email
FROM orders o LEFT JOIN customer c ON c.id = o.customer_id ORDER BY o.placed_at DESC, o.id DESC LIMIT $1
"""
_LINES = f"SELECT {_LINE_COLUMNS} FROM order_line WHERE order_id IN ({{ids}}) ORDER BY position"
_JSON = {
    "postgres": f"""
SELECT json_agg(board)::text AS answer FROM (
  SELECT {_ORDER_COLUMNS}, json_build_object('id', c.id, 'name', c.name, 'email', c.email) AS customer,
    (SELECT json_agg(l) FROM (SELECT {_LINE_COLUMNS} FROM order_line WHERE order_id = o.id ORDER BY position) l) AS lines
  FROM orders o LEFT JOIN customer c ON c.id = o.customer_id ORDER BY o.placed_at DESC, o.id DESC LIMIT $1) board
""",
    "sqlite": """
SELECT json_group_array(json(board)) AS answer FROM (
  SELECT json_object('id', o.id, 'number', o.number, 'channel', o.channel, 'status', o.status, 'placed_at', o.placed_at,
    'email', o.email, 'total', o.total, 'currency', o.currency, 'shipping_address', json(o.shipping_address),
    'customer', json_object('id', c.id, 'name', c.name, 'email', c.email),
    'lines', (SELECT json_group_array(json_object('id', id, 'sku', sku, 'title', title, 'ordered', ordered,
      'allocated', allocated, 'shipped', shipped, 'delivered', delivered, 'unit_price', unit_price, 'total', total))
      FROM order_line WHERE order_id = o.id)) AS board
  FROM orders o LEFT JOIN customer c ON c.id = o.customer_id ORDER BY o.placed_at DESC, o.id DESC LIMIT $1)
""",
}
_CHILDREN = {
    "lines": "SELECT id, sku, title, ordered, allocated, shipped, delivered, unit_price, total FROM order_line WHERE order_id = $1",
    "holds": "SELECT id, reason, note, placed_at, released_at FROM hold WHERE order_id = $1",
    "payments": "SELECT id, kind, outcome, amount, occurred_at FROM payment_event WHERE order_id = $1",
    "fulfillmentOrders": "SELECT f.id, f.status, l.id AS line_id, l.sku, l.quantity, l.shipped FROM fulfillment_order f"
    " JOIN fulfillment_order_line l ON l.fulfillment_order_id = f.id WHERE f.order_id = $1",
    "shipments": "SELECT s.id, s.status, s.tracking_number, t.id AS scan_id, t.status AS scan, t.occurred_at FROM shipment s"
    " LEFT JOIN tracking_event t ON t.shipment_id = s.id WHERE s.order_id = $1",
    "returns": "SELECT id, status FROM return_request WHERE order_id = $1",
    "reviews": "SELECT id, score, title FROM review WHERE order_id = $1",
    "timeline": "SELECT id, type, occurred_at, actor FROM event WHERE order_id = $1 ORDER BY occurred_at",
}
_ONE = f"SELECT {_ORDER_COLUMNS}, o.note, o.tags FROM orders o WHERE o.id = $1"


class Driver(Protocol):
    """A bare driver: rows of a statement."""

    async def fetch(self, sql: str, *values: Any) -> Sequence[Any]: ...


class Reading:
    """Answers what `variables` name: {"floor": "rows" | "json" | "order", …}."""

    def __init__(self, url: str) -> None:
        self._dialect = "sqlite" if url.startswith("sqlite") else "postgres"

    async def answer(self, driver: Driver, variables: Mapping[str, Any]) -> bytes:
        """The JSON of the answer."""
        if variables["floor"] == "json":
            rows = await driver.fetch(_JSON[self._dialect], BOARD_SIZE)
            return orjson.dumps({"data": {"orders": orjson.Fragment(rows[0]["answer"])}})
        if variables["floor"] == "rows":
            return await self._rows(driver)
        return await self._order(driver, UUID(variables["id"]))

    async def _rows(self, driver: Driver) -> bytes:
        orders = [dict(row) for row in await driver.fetch(_ROWS, BOARD_SIZE)]
        ids = [row["id"] for row in orders]
        lines: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for row in await driver.fetch(_LINES.format(ids=placeholders(len(ids))), *ids):
            line = dict(row)
            lines[line.pop("order_id")].append(line)
        for order in orders:
            order["lines"] = lines[order["id"]]
        return orjson.dumps({"data": {"orders": orders}}, default=_plain)

    async def _order(self, driver: Driver, order_id: UUID) -> bytes:
        order = dict((await driver.fetch(_ONE, order_id))[0])
        for name, sql in _CHILDREN.items():
            order[name] = [dict(row) for row in await driver.fetch(sql, order_id)]
        return orjson.dumps({"data": {"node": order}}, default=_plain)


def _plain(value: object) -> str:
    """asyncpg's own UUID type is a subclass that orjson does not take."""
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(type(value).__name__)
