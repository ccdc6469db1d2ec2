"""A large database in minutes: a shop that the product itself has made, multiplied by SQL.

The shop is 5 variants at 10 locations with 500 movements, and 50 orders of 2 lines that took from them. A copy of it has its
own ids, texts and times; within a copy every row points at the copies of what its original points at, so that all balances and
counters of the whole are those of their rows (`packhouse verify` agrees). Locations, the channel and the price list are shared.
"""

from collections.abc import Mapping

import asyncpg

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.events.outbox import Outbox
from packhouse.events.positions import assign_positions
from packhouse.inventory.models import Location
from packhouse.ordering.commands.place import place
from packhouse.ordering.data import PlaceLine, PlaceOrder, PlacePayment
from packhouse.sdk import Money
from packhouse.storage import Database, open_database
from packhouse.storage.migrate import migrate
from packhouse.testing.factories import ADDRESS, BY, make_location, make_stock, make_variant
from packhouse.testing.tokens import given_token

LOCATIONS = 10
VARIANTS = 5
RECEIPTS = 8
ORDERS = 50
STOCK_ROWS = LOCATIONS * VARIANTS
MOVEMENTS = STOCK_ROWS * RECEIPTS + 2 * ORDERS

_SHARED = ("location", "channel", "price_list", "access_token")
# what has to be another text in each copy
_TEXTS = ("sku", "barcode", "number", "external_id", "email")
_COLUMNS = """
SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
  AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'id' AND atttypid = 'uuid'::regtype)
ORDER BY c.relname, a.attnum
"""
_INDEXES = """
SELECT indexname AS name, indexdef AS definition FROM pg_indexes JOIN pg_index ON indexrelid = format('%I', indexname)::regclass
WHERE schemaname = 'public' AND tablename = $1 AND NOT indisunique
"""


async def fill(url: str, stock_rows: int) -> tuple[str, int]:
    """Migrate and fill a PostgreSQL database, its indexes last; returns an access token, and how many copies of the shop it holds."""
    await migrate(url)
    database = await open_database(url, before_commit=Outbox().flush)
    try:
        await _shop(database)
        while await assign_positions(database):
            pass
        token = await given_token(database, "benchmark")
    finally:
        await database.close()
    copies = stock_rows // STOCK_ROWS
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '512MB'"
        )
        await _multiply(connection, copies - 1)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return token, copies


def sku_of(copy: int, variant: int) -> str:
    """The SKU of a variant in a copy; copy 0 is the original."""
    return f"SKU-{variant}-{copy}" if copy else f"SKU-{variant}"


async def _shop(database: Database) -> None:
    await database.write(BY, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
    locations: list[Location] = [
        await make_location(database, f"place-{number}", priority=number) for number in range(LOCATIONS)
    ]
    skus = [sku_of(0, number) for number in range(VARIANTS)]
    for sku in skus:
        await make_variant(database, sku)
        for location in locations:
            for _ in range(RECEIPTS):
                await make_stock(database, sku, location, 10)
    for number in range(ORDERS):
        lines = (PlaceLine(skus[number % VARIANTS], 1), PlaceLine(skus[(number + 1) % VARIANTS], 1))
        order = PlaceOrder(
            channel="web",
            currency="GBP",
            lines=lines,
            email=f"buyer{number % 10}@example.com",
            customer_name="Test Buyer",
            shipping_address=ADDRESS,
            external_id=f"web-{number}",
            payments=(PlacePayment("charge", Money.of("20.00", "GBP"), external_id=f"ch_{number}"),),
        )
        await database.write(BY, lambda uow, order=order: place(uow, order, lambda _: []))


async def _multiply(connection: asyncpg.Connection, copies: int) -> None:
    tables: dict[str, dict[str, str]] = {}
    for row in await connection.fetch(_COLUMNS):
        if row["table"] not in _SHARED:
            tables.setdefault(row["table"], {})[row["column"]] = row["type"]
    # the log of stock that was received is trimmed in time, the orders' stays
    await connection.execute("DELETE FROM event WHERE order_id IS NULL")
    shared = " UNION ALL ".join(f"SELECT id FROM {table}" for table in _SHARED)
    await connection.execute(f"CREATE TEMPORARY TABLE shared AS {shared}")
    events = await connection.fetchval("SELECT max(position) FROM event")
    for table, columns in tables.items():
        values = [_value(name, type_, events) for name, type_ in columns.items()]
        names = ", ".join(f'"{name}"' for name in columns)
        indexes = await connection.fetch(_INDEXES, table)
        for index in indexes:
            await connection.execute(f'DROP INDEX "{index["name"]}"')
        await connection.execute(f"CREATE TEMPORARY TABLE original AS SELECT * FROM {table}")
        await connection.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM generate_series(1, {copies}) n, original"
        )
        await connection.execute("DROP TABLE original")
        for index in indexes:
            await connection.execute(index["definition"])
    await connection.execute("UPDATE position_counter SET position = (SELECT max(position) FROM event)")


def _value(name: str, type_: str, events: int) -> str:
    column = f'original."{name}"'
    special: Mapping[str, str] = {"position": f"{column} + n * {events}"}
    if type_ == "bigint" and name in special:
        return special[name]
    if type_ == "uuid":
        own = f"(left({column}::text, 28) || lpad(to_hex(n), 8, '0'))::uuid"
        return own if name == "id" else f"CASE WHEN {column} IN (SELECT id FROM shared) THEN {column} ELSE {own} END"
    if type_ == "timestamp with time zone":
        return f"{column} - n * interval '1 minute'"
    if name in _TEXTS and type_.startswith("character"):
        return f"CASE WHEN {column} = '' THEN '' ELSE {column} || '-' || n END"
    return column
