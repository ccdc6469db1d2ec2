"""The SQL of the reports: one text for both databases but for time arithmetic and percentiles.

Every statement starts from the orders of the period (an index on `placed_at`) and finds what belongs to each by the index
on its `order_id`, so its cost is the period's, not the table's. Sorting and grouping happen in the database. What is
looked up for each order is MATERIALIZED: PostgreSQL would look it up again wherever it is used.
"""

from typing import Any, NamedTuple

from packhouse.events.arrays import any_text, bound
from packhouse.fulfillment.states import FulfillmentOrderStatus
from packhouse.orders.states import OrderStatus
from packhouse.reporting.rules import QUARTER, DeliveryOutcome, OrderFilter, Period, ReportGroup, ReportStep
from packhouse.shipping.states import ShipmentStatus
from packhouse.storage.dialect import Dialect

_LIVE_SHIPMENT = f"g.status <> '{ShipmentStatus.VOIDED.value}'"
_LIVE_WORK = f"w.status <> '{FulfillmentOrderStatus.CANCELLED.value}'"
_NOBODY_WAITS = ", ".join(
    f"'{status.value}'" for status in (OrderStatus.COMPLETED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)
)
_ALL = "CAST(NULL AS TEXT)"
_CARRIER = "NULLIF(g.carrier, '')"


class Statement(NamedTuple):
    """SQL with $1-parameters and their values."""

    sql: str
    values: tuple[Any, ...]


class _Grouping(NamedTuple):
    """The key of a group, and the joins that it needs; `several` where a unit may belong to more than one group."""

    key: str
    joins: str = ""
    several: bool = False

    @property
    def select(self) -> str:
        return "SELECT DISTINCT" if self.several else "SELECT"


_ORDERS = {
    ReportGroup.NONE: _Grouping(_ALL),
    ReportGroup.CHANNEL: _Grouping("o.channel"),
    ReportGroup.LOCATION: _Grouping(
        "l.code",
        f"""
        LEFT JOIN fulfillment_order w ON w.order_id = o.id AND {_LIVE_WORK}
        LEFT JOIN shipment g ON g.order_id = o.id AND {_LIVE_SHIPMENT} AND w.id IS NULL
        LEFT JOIN location l ON l.id = COALESCE(w.location_id, g.location_id)""",
        several=True,
    ),
    ReportGroup.CARRIER: _Grouping(
        _CARRIER, f"LEFT JOIN shipment g ON g.order_id = o.id AND {_LIVE_SHIPMENT}", several=True
    ),
}
_SHIPMENTS = {
    ReportGroup.NONE: _Grouping(_ALL),
    ReportGroup.CHANNEL: _Grouping("o.channel"),
    ReportGroup.LOCATION: _Grouping("l.code", "LEFT JOIN location l ON l.id = g.location_id"),
    ReportGroup.CARRIER: _Grouping(_CARRIER),
}
_WORK = {
    ReportGroup.NONE: _Grouping(_ALL),
    ReportGroup.CHANNEL: _Grouping("o.channel"),
    ReportGroup.LOCATION: _Grouping("l.code", "LEFT JOIN location l ON l.id = w.location_id"),
    ReportGroup.CARRIER: _Grouping(
        _CARRIER, f"LEFT JOIN shipment g ON g.fulfillment_order_id = w.id AND {_LIVE_SHIPMENT}", several=True
    ),
}

# An order is delivered when nothing of it is left to ship and its last shipment was delivered.
_DELIVERED = f"""
    SELECT p.*, CASE WHEN NOT EXISTS (
        SELECT 1 FROM order_line u
        WHERE u.order_id = p.id AND u.requires_shipping AND u.shipped + u.cancelled < u.ordered
    ) THEN (
        SELECT CASE WHEN count(*) = count(g.delivered_at) THEN max(g.delivered_at) END
        FROM shipment g WHERE g.order_id = p.id AND {_LIVE_SHIPMENT}
    ) END AS delivered_at
    FROM placed p"""

# The newest promise made before the delivery counts: a later one is an excuse.
_PROMISED = """
    SELECT d.*, (
        SELECT m.promised_by FROM delivery_promise m
        WHERE m.order_id = d.id AND (d.delivered_at IS NULL OR m.made_at <= d.delivered_at)
        ORDER BY m.made_at DESC, m.id DESC LIMIT 1
    ) AS promised_by
    FROM delivered d"""


def step_statements(dialect: Dialect, group: ReportGroup, period: Period, orders: OrderFilter) -> tuple[Statement, ...]:
    """For each unit a statement with rows (grp, step, in_order, n, median, p90)."""
    where, values = _scope(dialect, period, orders)
    return tuple(
        Statement(sql, values)
        for sql in (
            _order_steps(dialect, _ORDERS[group], where),
            _work_steps(dialect, _WORK[group], where),
            _shipment_steps(dialect, _SHIPMENTS[group], where),
        )
    )


def performance_statement(
    dialect: Dialect, group: ReportGroup, period: Period, orders: OrderFilter, as_of: object
) -> Statement:
    """Rows (grp, outcome, n, median, p90, score, reviews): a DeliveryOutcome each, lateness and review scores of its orders."""
    where, values = _scope(dialect, period, orders)
    judged = f"""
        SELECT grp, {_elapsed(dialect, "promised_by", "delivered_at")} AS lateness,
            CASE
                WHEN delivered_at > promised_by THEN '{DeliveryOutcome.LATE.value}'
                WHEN delivered_at IS NOT NULL THEN '{DeliveryOutcome.ON_TIME.value}'
                WHEN promised_by < ${len(values) + 1} AND status NOT IN ({_NOBODY_WAITS})
                    THEN '{DeliveryOutcome.OVERDUE.value}'
                ELSE '{DeliveryOutcome.OPEN.value}'
            END AS outcome,
            (SELECT sum(r.score) FROM review r WHERE r.order_id = promised.id AND r.removed_at IS NULL) AS score,
            (SELECT count(*) FROM review r WHERE r.order_id = promised.id AND r.removed_at IS NULL) AS reviews
        FROM promised WHERE promised_by IS NOT NULL"""
    sql = f"""
        WITH placed AS ({_placed(_ORDERS[group], where)}), delivered AS MATERIALIZED ({_DELIVERED}),
        promised AS MATERIALIZED ({_PROMISED}),
        judged AS ({judged})
        {percentiles(dialect, "judged", "grp, outcome", "lateness", sums=("score", "reviews"))}"""
    return Statement(sql, (*values, as_of))


def first_order_statement(dialect: Dialect, period: Period, orders: OrderFilter) -> Statement:
    """The `placed_at` of the first order."""
    where, values = _scope(dialect, period, orders)
    return Statement(f"SELECT o.placed_at FROM orders o WHERE {where} ORDER BY o.placed_at, o.id LIMIT 1", values)


def quarters_statement(dialect: Dialect, period: Period, orders: OrderFilter) -> Statement:
    """Rows (quarter, currency, n, total): the orders of each quarter of an hour since 1970, totals in minor units."""
    where, values = _scope(dialect, period, orders)
    quarter = f"{_whole_seconds(dialect, 'o.placed_at')} / {QUARTER}"
    sql = f"""
        SELECT {quarter} AS quarter, o.currency, count(*) AS n, sum(o.total) AS total
        FROM orders o WHERE {where} GROUP BY {quarter}, o.currency"""
    return Statement(sql, values)


def percentiles(dialect: Dialect, source: str, keys: str, value: str, *, sums: tuple[str, ...] = ()) -> str:
    """Count, nearest-rank median and p90 of `value`, and the sums of other columns, for each combination of `keys`.

    Within one combination `value` is null everywhere or nowhere.
    """
    added = "".join(f", sum({column}) AS {column}" for column in sums)
    if dialect is Dialect.POSTGRES:
        # percentile_disc takes the value at rank ceil(fraction * n)
        return f"""
        SELECT {keys}, count(*) AS n, percentile_disc(0.5) WITHIN GROUP (ORDER BY {value}) AS median,
            percentile_disc(0.9) WITHIN GROUP (ORDER BY {value}) AS p90{added}
        FROM {source} GROUP BY {keys}"""
    return f"""
        SELECT {keys}, count(*) AS n, max(CASE WHEN place = (size + 1) / 2 THEN {value} END) AS median,
            max(CASE WHEN place = (9 * size + 9) / 10 THEN {value} END) AS p90{added}
        FROM (
            SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {value}) AS place,
                count(*) OVER (PARTITION BY {keys}) AS size
            FROM {source}
        ) AS ranked GROUP BY {keys}"""


def _scope(dialect: Dialect, period: Period, orders: OrderFilter) -> tuple[str, tuple[Any, ...]]:
    """The condition on orders `o`, and its values from $1 on."""
    conditions = [f"o.status <> '{OrderStatus.DRAFT.value}'"]
    values: list[Any] = []
    for condition, value in (("o.placed_at >=", period.start), ("o.placed_at <", period.end)):
        if value is not None:
            values.append(value)
            conditions.append(f"{condition} ${len(values)}")
    if orders.channels is not None:
        values.append(bound(dialect, orders.channels))
        conditions.append(any_text(dialect, "o.channel", f"${len(values)}"))
    if not orders.include_demo:
        conditions.append("NOT o.is_demo")
    if not orders.include_imported:
        conditions.append("NOT o.is_imported")
    return " AND ".join(conditions), tuple(values)


def _placed(grouping: _Grouping, where: str) -> str:
    return f"""
        {grouping.select} {grouping.key} AS grp, o.id, o.status, o.placed_at, o.confirmed_at
        FROM orders o {grouping.joins} WHERE {where}"""


def _order_steps(dialect: Dialect, grouping: _Grouping, where: str) -> str:
    measured = _measured(
        dialect,
        (ReportStep.PLACED_TO_CONFIRMED, "placed_at", "confirmed_at"),
        (ReportStep.PLACED_TO_DELIVERED, "placed_at", "delivered_at"),
        (ReportStep.DELIVERED_TO_REVIEWED, "delivered_at", "reviewed_at"),
    )
    return f"""
        WITH placed AS ({_placed(grouping, where)}), delivered AS MATERIALIZED ({_DELIVERED}), facts AS MATERIALIZED (
            SELECT d.*, (SELECT min(r.created_at) FROM review r WHERE r.order_id = d.id) AS reviewed_at
            FROM delivered d
        ), {measured}"""


def _work_steps(dialect: Dialect, grouping: _Grouping, where: str) -> str:
    measured = _measured(
        dialect,
        (ReportStep.WORK_CREATED_TO_STARTED, "created_at", "started_at"),
        (ReportStep.WORK_STARTED_TO_PACKED, "started_at", "packed_at"),
        (ReportStep.WORK_PACKED_TO_CLOSED, "packed_at", "closed_at"),
    )
    return f"""
        WITH facts AS (
            {grouping.select} {grouping.key} AS grp, w.id, w.created_at, w.started_at, w.packed_at, w.closed_at
            FROM orders o JOIN fulfillment_order w ON w.order_id = o.id AND {_LIVE_WORK} {grouping.joins}
            WHERE {where}
        ), {measured}"""


def _shipment_steps(dialect: Dialect, grouping: _Grouping, where: str) -> str:
    measured = _measured(
        dialect,
        (ReportStep.CONFIRMED_TO_HANDED_OVER, "confirmed_at", "handed_over_at"),
        (ReportStep.HANDED_OVER_TO_DELIVERED, "handed_over_at", "delivered_at"),
    )
    return f"""
        WITH facts AS (
            {grouping.select} {grouping.key} AS grp, o.confirmed_at, g.handed_over_at, g.delivered_at
            FROM orders o JOIN shipment g ON g.order_id = o.id AND {_LIVE_SHIPMENT} {grouping.joins}
            WHERE {where}
        ), {measured}"""


def _measured(dialect: Dialect, *steps: tuple[ReportStep, str, str]) -> str:
    """From `facts` with the moments of each unit to the figures of each step."""
    spans = " UNION ALL ".join(
        f"SELECT grp, '{step.value}' AS step, {begun} AS begun, {ended} AS ended FROM facts"
        for step, begun, ended in steps
    )
    return f"""
        spans AS ({spans}), measured AS (
            SELECT grp, step, ended >= begun AS in_order, {_elapsed(dialect, "begun", "ended")} AS seconds
            FROM spans WHERE begun IS NOT NULL AND ended IS NOT NULL
        )
        {percentiles(dialect, "measured", "grp, step, in_order", "seconds")}"""


def _elapsed(dialect: Dialect, begun: str, ended: str) -> str:
    """Whole seconds between two moments, fractions dropped."""
    if dialect is Dialect.POSTGRES:
        return f"CAST(floor(extract(epoch FROM {ended} - {begun})) AS BIGINT)"
    return f"({_microseconds(ended)} - {_microseconds(begun)}) / 1000000"


def _whole_seconds(dialect: Dialect, moment: str) -> str:
    """Whole seconds since 1970."""
    if dialect is Dialect.POSTGRES:
        return f"CAST(floor(extract(epoch FROM {moment})) AS BIGINT)"
    # SQLite rounds fractions to milliseconds: leave them out
    return f"CAST(strftime('%s', substr({moment}, 1, 19)) AS INTEGER)"


def _microseconds(moment: str) -> str:
    """Microseconds since 1970 of a moment as SQLite keeps it: `2026-01-31 12:00:00.123456+00:00`, the fraction optional."""
    fraction = f"CASE WHEN substr({moment}, 20, 1) = '.' THEN CAST(substr({moment}, 21, 6) AS INTEGER) ELSE 0 END"
    return f"({_whole_seconds(Dialect.SQLITE, moment)} * 1000000 + {fraction})"
