"""What tests prove about the whole database: a refusal changed nothing, and all counters tell one story."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from packhouse.sdk import Refused
from packhouse.storage import Database

_TABLES = (
    "orders",
    "order_line",
    "hold",
    "stock_level",
    "stock_movement",
    "allocation",
    "fulfillment_order",
    "fulfillment_order_line",
    "pick_list",
    "pick",
    "parcel",
    "parcel_item",
    "shipment",
    "shipment_line",
    "label",
    "tracking_event",
    "delivery_promise",
    "event",
)
# Each statement finds rows that contradict others; all of them find nothing in a sound database.
_CONTRADICTIONS = {
    "a balance is not the sum of its movements": """
        SELECT stock_level.id FROM stock_level
        LEFT JOIN stock_movement ON stock_movement.variant_id = stock_level.variant_id
          AND stock_movement.location_id = stock_level.location_id
        GROUP BY stock_level.id, stock_level.on_hand, stock_level.allocated, stock_level.damaged
        HAVING stock_level.on_hand <> COALESCE(SUM(stock_movement.on_hand), 0)
          OR stock_level.allocated <> COALESCE(SUM(stock_movement.allocated), 0)
          OR stock_level.damaged <> COALESCE(SUM(stock_movement.damaged), 0)
    """,
    "allocated stock is not the sum of the claims on it": """
        SELECT id FROM stock_level WHERE allocated <> (
          SELECT COALESCE(SUM(quantity), 0) FROM allocation WHERE status = 'allocated'
            AND allocation.variant_id = stock_level.variant_id AND allocation.location_id = stock_level.location_id)
    """,
    "an order line's allocated units are not the sum of its claims": """
        SELECT id FROM order_line WHERE allocated <> (
          SELECT COALESCE(SUM(quantity), 0) FROM allocation
          WHERE status = 'allocated' AND allocation.order_line_id = order_line.id)
    """,
    "an order line's shipped units are not the sum of its consumed claims": """
        SELECT id FROM order_line WHERE shipped <> (
          SELECT COALESCE(SUM(quantity), 0) FROM allocation
          WHERE status = 'shipped' AND allocation.order_line_id = order_line.id)
    """,
    "an order line's shipped units are not the sum of its work": """
        SELECT id FROM order_line WHERE shipped <> (
          SELECT COALESCE(SUM(shipped), 0) FROM fulfillment_order_line
          WHERE fulfillment_order_line.order_line_id = order_line.id)
    """,
    "an order line's delivered units are not the sum of its delivered shipments": """
        SELECT id FROM order_line WHERE delivered <> (
          SELECT COALESCE(SUM(shipment_line.quantity), 0) FROM shipment_line
          JOIN shipment ON shipment.id = shipment_line.shipment_id
          WHERE shipment.status = 'delivered' AND shipment_line.order_line_id = order_line.id)
    """,
    "units in parcels are not those that were packed": """
        SELECT fulfillment_order_line.id FROM fulfillment_order_line
        JOIN fulfillment_order ON fulfillment_order.id = fulfillment_order_line.fulfillment_order_id
        WHERE fulfillment_order.network = '' AND packed <> (
          SELECT COALESCE(SUM(quantity), 0) FROM parcel_item
          WHERE parcel_item.fulfillment_order_line_id = fulfillment_order_line.id)
    """,
}


async def contents(database: Database) -> Mapping[str, list[dict[str, Any]]]:
    """Every row of the tables that an order's life touches, by table."""
    return {
        table: [dict(row) for row in await database.fetch(f'SELECT * FROM "{table}" ORDER BY id')] for table in _TABLES
    }


@asynccontextmanager
async def refused(database: Database, code: str, field: str | None = None) -> AsyncIterator[None]:
    """The block is refused with this code (and field, where one is named), and nothing has changed.

    Raises:
        AssertionError: it was not, or something has.
    """
    before = await contents(database)
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == code, caught.value  # noqa: S101  (a proof for tests)
    assert field is None or caught.value.field == field, caught.value.field  # noqa: S101
    assert await contents(database) == before  # noqa: S101


async def contradictions(database: Database) -> list[str]:
    """What does not agree in the database: nothing, in a sound one."""
    return [name for name, sql in _CONTRADICTIONS.items() if await database.fetch(sql)]
