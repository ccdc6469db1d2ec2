"""What tests prove about the whole database: a refusal changed nothing, and all counters tell one story."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from packhouse.sdk import Refused
from packhouse.storage import Database
from packhouse.verification.verify import verify

_TABLES = (
    "orders",
    "order_line",
    "order_line_component",
    "hold",
    "stock_level",
    "stock_movement",
    "bin",
    "lot_tracking",
    "lot",
    "stock_holding",
    "holding_entry",
    "holding_claim",
    "allocation",
    "backorder",
    "backorder_supply",
    "reservation",
    "reservation_line",
    "inbound_shipment",
    "inbound_line",
    "stock_count",
    "stock_count_line",
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
    "consent",
    "event",
)


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
    """The invariants that the database breaks, as `packhouse verify` names them: none, in a sound one."""
    return list(dict.fromkeys([violation.invariant.name async for violation in verify(database)]))
