"""Removing everything of the demo from a database: what is marked as demo, all that hangs on it, and nothing else.

One transaction. What is marked but used by something real (a demo article in a real order) stays, and is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packhouse.demo.catalogue import REVIEWS
from packhouse.demo.setup import BY, TOKEN_NAME
from packhouse.events.outbox import Outbox
from packhouse.inventory.commands.move import BUCKETS, Movement, apply_movements, deltas
from packhouse.inventory.states import MovementKind
from packhouse.opening import open_ready
from packhouse.settings import Settings
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import Dialect, read_id

_ORDERS = "(SELECT id FROM orders WHERE is_demo)"
_LINES = f"(SELECT id FROM order_line WHERE order_id IN {_ORDERS})"
_WORK = f"(SELECT id FROM fulfillment_order WHERE order_id IN {_ORDERS})"
_WORK_LINES = f"(SELECT id FROM fulfillment_order_line WHERE fulfillment_order_id IN {_WORK})"
_SHIPMENTS = f"(SELECT id FROM shipment WHERE order_id IN {_ORDERS})"
_RETURNS = f"(SELECT id FROM return_request WHERE order_id IN {_ORDERS})"

# Children before their parents: foreign keys restrict.
_OF_ORDERS = (
    f"return_inspection WHERE return_line_id IN (SELECT id FROM return_line WHERE return_request_id IN {_RETURNS})",
    f"return_line WHERE return_request_id IN {_RETURNS}",
    f"return_request WHERE order_id IN {_ORDERS}",
    f"review WHERE order_id IN {_ORDERS}",
    f"review_request WHERE order_id IN {_ORDERS}",
    f"refund WHERE order_id IN {_ORDERS}",
    f"payment_event WHERE order_id IN {_ORDERS}",
    f"delivery_promise WHERE order_id IN {_ORDERS}",
    f"tracking_event WHERE shipment_id IN {_SHIPMENTS}",
    f"label WHERE shipment_id IN {_SHIPMENTS}",
    f"shipment_line WHERE shipment_id IN {_SHIPMENTS}",
    f"shipment WHERE order_id IN {_ORDERS}",
    f"holding_claim WHERE fulfillment_order_line_id IN {_WORK_LINES}",
    f"parcel_item WHERE fulfillment_order_line_id IN {_WORK_LINES}",
    f"parcel WHERE fulfillment_order_id IN {_WORK}",
    f"pick WHERE fulfillment_order_line_id IN {_WORK_LINES}",
    f"allocation WHERE order_line_id IN {_LINES}",
    f"backorder_supply WHERE order_id IN {_ORDERS}",
    f"backorder WHERE order_id IN {_ORDERS}",
    f"fulfillment_order_line WHERE fulfillment_order_id IN {_WORK}",
    f"fulfillment_order WHERE order_id IN {_ORDERS}",
    f"routing_decision WHERE order_id IN {_ORDERS}",
    f"hold WHERE order_id IN {_ORDERS}",
    f"order_line_component WHERE order_line_id IN {_LINES}",
    f"order_line WHERE order_id IN {_ORDERS}",
    f"provider_call WHERE order_id IN {_ORDERS}",
    f"inbound_message WHERE order_id IN {_ORDERS}",
)

# These hold once the demo's orders are gone.
_VARIANTS = (
    "(SELECT id FROM variant WHERE is_demo"
    " AND NOT EXISTS (SELECT 1 FROM order_line WHERE order_line.variant_id = variant.id)"
    " AND NOT EXISTS (SELECT 1 FROM order_line_component WHERE order_line_component.variant_id = variant.id)"
    " AND NOT EXISTS (SELECT 1 FROM bundle_component JOIN variant AS bundle ON bundle.id = bundle_component.bundle_id"
    " WHERE bundle_component.component_id = variant.id AND NOT bundle.is_demo))"
)
_CHANNELS = (
    "(SELECT id FROM channel WHERE is_demo AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.channel = channel.code))"
)
_OF_CATALOGUE = (
    f"reservation_line WHERE variant_id IN {_VARIANTS}",
    "reservation WHERE NOT EXISTS (SELECT 1 FROM reservation_line WHERE reservation_id = reservation.id)",
    f"lot WHERE variant_id IN {_VARIANTS}",
    f"stock_count_line WHERE variant_id IN {_VARIANTS}",
    "stock_count WHERE NOT EXISTS (SELECT 1 FROM stock_count_line WHERE stock_count_id = stock_count.id)",
    f"inbound_line WHERE variant_id IN {_VARIANTS}",
    "inbound_shipment WHERE NOT EXISTS (SELECT 1 FROM inbound_line WHERE inbound_id = inbound_shipment.id)",
    f"bundle_component WHERE bundle_id IN {_VARIANTS}",
    f"holding_entry WHERE variant_id IN {_VARIANTS}",
    f"stock_holding WHERE variant_id IN {_VARIANTS}",
    f"lot_tracking WHERE variant_id IN {_VARIANTS}",
    f"stock_movement WHERE variant_id IN {_VARIANTS}",
    f"stock_level WHERE variant_id IN {_VARIANTS}",
    f"price WHERE variant_id IN {_VARIANTS}",
    "price WHERE price_list_id IN (SELECT id FROM price_list WHERE is_demo)",
    "price_list WHERE is_demo",
    f"listing_stock WHERE listing_id IN (SELECT id FROM listing WHERE variant_id IN {_VARIANTS} OR channel_id IN {_CHANNELS})",
    f"listing WHERE variant_id IN {_VARIANTS} OR channel_id IN {_CHANNELS}",
    f"channel_stock WHERE variant_id IN {_VARIANTS} OR channel_id IN {_CHANNELS}",
    f"channel_location WHERE channel_id IN {_CHANNELS}",
    f"inbound_message WHERE channel_id IN {_CHANNELS}",
)
_USES_OF_LOCATIONS = (
    "bin",
    "stock_level",
    "stock_movement",
    "allocation",
    "backorder",
    "fulfillment_order",
    "pick_list",
    "shipment",
    "return_inspection",
    "reservation_line",
    "inbound_shipment",
    "stock_count",
    "channel_location",
)
_UNUSED_LOCATION = " AND ".join(
    f"NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.{column} = location.id)"
    for table, column in (
        *((table, "location_id") for table in _USES_OF_LOCATIONS),
        ("inbound_shipment", "from_location_id"),
    )
)
_CUSTOMERS = "(SELECT id FROM customer WHERE is_demo AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.customer_id = customer.id))"
_MARKED = (
    f"variant WHERE id IN {_VARIANTS}",
    f"location WHERE is_demo AND {_UNUSED_LOCATION}",
    f"channel WHERE id IN {_CHANNELS}",
    f"customer WHERE id IN {_CUSTOMERS}",
)
# Events of no order: those about a SKU, and those about rows that go.
_OF_SKUS = (
    "'stock_adjusted', 'stock_changed', 'stock_terms_changed', 'variant_changed', 'price_changed', "
    "'lot_changed', 'lot_recalled'"
)
_OF_ROWS = (
    ("stock_count_changed", "stock_count_id", "stock_count", "id"),
    ("inbound_rescheduled", "inbound_id", "inbound_shipment", "id"),
    ("reservation_extended", "reservation_id", "reservation", "id"),
    ("location_changed", "location_id", "location", "id"),
    ("channel_changed", "code", "channel", "code"),
    ("feedback_dismissed", "quarantined_review_id", "quarantined_review", "id"),
)
_OF_TOKENS = "'access_token_created', 'access_token_changed', 'access_token_revoked'"
_NAMES = {"variant": "sku", "location": "code", "channel": "code", "customer": "email"}

_MOVED = f"""
SELECT variant_id, location_id, {", ".join(f"SUM({bucket}) AS {bucket}" for bucket in BUCKETS)}
FROM stock_movement WHERE order_id IN {_ORDERS} GROUP BY variant_id, location_id
"""


@dataclass(frozen=True, slots=True)
class Removed:
    """How many demo orders and other marked rows went, and the names of the marked ones that something real uses."""

    orders: int = 0
    others: int = 0
    kept: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """For people."""
        if not self.orders and not self.others and not self.kept:
            return ["There was nothing of the demo to remove."]
        lines = [f"Removed {self.orders} demo orders and all that hung on them, and {self.others} other demo entries."]
        return [*lines, *(f"Kept {name}: something that is not the demo's uses it." for name in self.kept)]


async def remove_demo_data(settings: Settings) -> Removed:
    """Remove the demo's data from the settings' database.

    Raises:
        DatabaseNotReady: it cannot be reached, or lacks migrations.
    """
    if _is_absent(settings.database.url):
        return Removed()
    database = await open_ready(settings, Outbox())
    try:
        return await database.write(BY, remove_demo)
    finally:
        await database.close()


async def remove_demo(uow: UnitOfWork) -> Removed:
    """Remove the demo's data; the stock of anything real is as if the demo had not been, by a movement that says so."""
    orders = await _count(uow, "orders WHERE is_demo")
    moved = await uow.fetch(_MOVED)
    pick_lists = await uow.fetch(
        f"SELECT DISTINCT pick_list_id AS id FROM pick WHERE fulfillment_order_line_id IN {_WORK_LINES}"
    )
    await _remove_events(uow, f"order_id IN {_ORDERS}")
    for rows in _OF_ORDERS:
        await uow.execute(f"DELETE FROM {rows}")
    await _remove_empty_pick_lists(uow, [row["id"] for row in pick_lists])
    await uow.execute("DELETE FROM orders WHERE is_demo")
    demo_skus = f"(SELECT sku FROM variant WHERE id IN {_VARIANTS})"
    await _remove_events(
        uow,
        f"type IN ({_OF_SKUS}) AND order_id IS NULL AND {_of_payload(uow, 'sku')} IN {demo_skus}",
    )
    demo_ids = f"(SELECT CAST(id AS VARCHAR(36)) FROM variant WHERE id IN {_VARIANTS})"
    await _remove_events(uow, f"type = 'awaited_stock_changed' AND {_of_payload(uow, 'variant_id')} IN {demo_ids}")
    kept_stock = await _kept_stock(uow, moved)
    for rows in _OF_CATALOGUE:
        await uow.execute(f"DELETE FROM {rows}")
    await _remove_events(uow, f"customer_id IN {_CUSTOMERS}")
    await uow.execute(f"DELETE FROM consent WHERE customer_id IN {_CUSTOMERS}")
    others = 0
    for rows in _MARKED:
        others += await _count(uow, rows)
        await uow.execute(f"DELETE FROM {rows}")
    for platform_table in ("review_cursor", "quarantined_review"):
        await uow.execute(f"DELETE FROM {platform_table} WHERE platform = $1", REVIEWS)
    await uow.execute("DELETE FROM access_token WHERE name = $1", TOKEN_NAME)
    for event_type, key, table, column in _OF_ROWS:
        gone = f"{_of_payload(uow, key)} NOT IN (SELECT CAST({column} AS TEXT) FROM {table})"
        await _remove_events(uow, f"type = '{event_type}' AND {gone}")
    await _remove_events(uow, f"type IN ({_OF_TOKENS}) AND {_of_payload(uow, 'name')} = '{TOKEN_NAME}'")
    kept = await _kept(uow)
    await apply_movements(uow, kept_stock)
    return Removed(orders, others, kept)


async def _remove_events(uow: UnitOfWork, condition: str) -> None:
    events = f"(SELECT id FROM event WHERE {condition})"
    deliveries = f"(SELECT id FROM delivery WHERE event_id IN {events})"
    lanes = await uow.fetch(f"SELECT DISTINCT lane_id AS id FROM delivery WHERE event_id IN {events}")
    await uow.execute(f"DELETE FROM delivery_attempt WHERE delivery_id IN {deliveries}")
    await uow.execute(f"DELETE FROM delivery WHERE event_id IN {events}")
    for row in lanes:
        await uow.execute(
            "DELETE FROM lane WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE lane_id = $1 AND status = 'pending')",
            row["id"],
        )
    await uow.execute(f"DELETE FROM event WHERE {condition}")


async def _remove_empty_pick_lists(uow: UnitOfWork, ids: Sequence[object]) -> None:
    """A picker's round that fetched for real orders, too, stays with what is left of it."""
    for id_ in ids:
        await uow.execute(
            "DELETE FROM pick_list WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM pick WHERE pick_list_id = $1)", id_
        )


async def _kept_stock(uow: UnitOfWork, moved: Sequence[Mapping[str, Any]]) -> list[Movement]:
    """For stock that stays: the opposite of what demo orders did to it."""
    going = {read_id(row["id"]) for row in await uow.fetch(f"SELECT id FROM variant WHERE id IN {_VARIANTS}")}
    movements = [_opposite(row) for row in moved]
    return [each for each in movements if each.variant_id not in going and any(deltas(each))]


def _opposite(row: Mapping[str, Any]) -> Movement:
    opposite: dict[str, Any] = {bucket: -int(row[bucket]) for bucket in BUCKETS}
    return Movement(
        read_id(row["variant_id"]),
        read_id(row["location_id"]),
        MovementKind.ADJUST,
        "the demo's orders were removed",
        **opposite,
    )


async def _kept(uow: UnitOfWork) -> tuple[str, ...]:
    names = []
    for table, column in _NAMES.items():
        rows = await uow.fetch(f"SELECT {column} AS name FROM {table} WHERE is_demo ORDER BY {column}")
        names += [f"{table} {row['name']}" for row in rows]
    return tuple(names)


async def _count(uow: UnitOfWork, rows: str) -> int:
    return int((await uow.fetch(f"SELECT COUNT(*) AS n FROM {rows}"))[0]["n"])


def _of_payload(uow: UnitOfWork, name: str) -> str:
    return f"json_extract(payload, '$.{name}')" if uow.dialect is Dialect.SQLITE else f"payload ->> '{name}'"


def _is_absent(url: str) -> bool:
    """Whether the URL names an SQLite file that is not there: opening it would make it."""
    if not url.startswith("sqlite://"):
        return False
    return not Path(url.removeprefix("sqlite://").partition("?")[0]).exists()
