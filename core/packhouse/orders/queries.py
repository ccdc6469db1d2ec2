"""Reads of orders and their timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.expressions import F, Q, Subquery
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from packhouse.customers.queries import consents_of_customers
from packhouse.events.models import EventRow
from packhouse.orders.models import Hold, Order, OrderLine, OrderLineComponent
from packhouse.orders.rules import LineCounters
from packhouse.orders.states import OrderStatus
from packhouse.sdk import Address, Consent, ConsentPurpose, InvalidValue, Money, OrderLineSnapshot, OrderSnapshot
from packhouse.storage import Reader
from packhouse.storage.batches import by_id, children

orders_by_id = by_id(Order)
order_lines_by_id = by_id(OrderLine)
holds_by_id = by_id(Hold)
lines_of_orders = children(OrderLine, "order_id", "position")
components_of_lines = children(OrderLineComponent, "order_line_id", "sku")
holds_of_orders = children(Hold, "order_id", "placed_at")
events_of_orders = children(EventRow, "order_id", "occurred_at", "recorded_at", "ordinal")

_UNSHIPPED_STATUSES = (OrderStatus.PENDING.value, OrderStatus.CONFIRMED.value)


@dataclass(frozen=True, slots=True)
class OrderSelection:
    """Which orders are meant; None does not narrow. `…_after` includes its moment, `…_before` does not."""

    status: OrderStatus | None = None
    channel: str | None = None
    number: str | None = None
    external_id: str | None = None
    email: str | None = None
    customer_id: UUID | None = None
    placed_after: datetime | None = None
    placed_before: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    on_hold: bool | None = None
    unshipped: bool | None = None
    sku: str | None = None
    is_imported: bool | None = None
    is_demo: bool | None = None


def selected_orders(selection: OrderSelection) -> QuerySet[Order]:
    """The orders that are meant, in no order yet."""
    plain = {
        "status": None if selection.status is None else selection.status.value,
        "channel": selection.channel,
        "number": selection.number,
        "external_id": selection.external_id,
        "email": selection.email,
        "customer_id": selection.customer_id,
        "placed_at__gte": selection.placed_after,
        "placed_at__lt": selection.placed_before,
        "updated_at__gte": selection.updated_after,
        "updated_at__lt": selection.updated_before,
        "is_imported": selection.is_imported,
        "is_demo": selection.is_demo,
    }
    orders = Order.filter(**{name: value for name, value in plain.items() if value is not None})
    if selection.on_hold is not None:
        held = Q(id__in=Subquery(Hold.filter(released_at=None).values("order_id")))
        orders = orders.filter(held if selection.on_hold else ~held)
    if selection.unshipped is not None:
        unshipped = Q(status__in=_UNSHIPPED_STATUSES, id__in=Subquery(_lines_to_ship().values("order_id")))
        orders = orders.filter(unshipped if selection.unshipped else ~unshipped)
    if selection.sku is not None:
        orders = orders.filter(id__in=Subquery(OrderLine.filter(sku=selection.sku).values("order_id")))
    return orders


def _lines_to_ship() -> QuerySet[OrderLine]:
    return OrderLine.filter(requires_shipping=True, ordered__gt=F("shipped") + F("cancelled"))


async def read_order(reader: Reader, order_id: UUID) -> Order:
    """The order by its id, with one hand-written statement: every mutation of an order ends with this read.

    Raises:
        InvalidValue: there is none.
    """
    rows = await reader.look_up("SELECT * FROM orders WHERE id = $1", order_id)
    if not rows:
        raise InvalidValue("order", f"there is no order {order_id}")
    return Order._init_from_db(**rows[0])  # noqa: SLF001  (how Tortoise itself makes a row's object)


async def order_counts_of_customers(ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many orders each customer has placed; customers without any are left out."""
    rows = await (
        Order.filter(customer_id__in=list(dict.fromkeys(ids)))
        .annotate(orders=Count("id"))
        .group_by("customer_id")
        .values("customer_id", "orders")
    )
    return {row["customer_id"]: row["orders"] for row in rows}


def counters(row: OrderLine) -> LineCounters:
    """A line's counters for the rules."""
    return LineCounters(
        ordered=row.ordered,
        allocated=row.allocated,
        backordered=row.backordered,
        shipped=row.shipped,
        delivered=row.delivered,
        returned=row.returned,
        cancelled=row.cancelled,
    )


async def order_snapshots(ids: Sequence[UUID]) -> Mapping[UUID, OrderSnapshot]:
    """Orders as plugins see them, without their shipments, which a room above adds; unknown ids are left out."""
    orders = await orders_by_id(ids)
    lines = await lines_of_orders(ids)
    holds = await holds_of_orders(ids)
    consents = await consents_of_customers([each.customer_id for each in orders.values() if each.customer_id])
    return {
        id_: _snapshot(
            order,
            lines.get(id_, []),
            {} if order.customer_id is None else consents.get(order.customer_id, {}),
            on_hold=any(hold.released_at is None for hold in holds.get(id_, [])),
        )
        for id_, order in orders.items()
    }


def _snapshot(
    order: Order, lines: Sequence[OrderLine], consents: Mapping[ConsentPurpose, Consent], *, on_hold: bool
) -> OrderSnapshot:
    return OrderSnapshot(
        id=order.id,
        number=order.number,
        channel=order.channel,
        external_id=order.external_id,
        status=order.status,
        currency=order.currency,
        total=Money.from_minor(order.total, order.currency),
        placed_at=order.placed_at,
        email=order.email,
        customer_id=order.customer_id,
        shipping_address=Address(**order.shipping_address) if order.shipping_address else None,
        billing_address=Address(**order.billing_address) if order.billing_address else None,
        lines=tuple(_line_snapshot(line, order.currency) for line in lines),
        on_hold=on_hold,
        is_demo=order.is_demo,
        tags=tuple(order.tags),
        consents=consents,
    )


def _line_snapshot(line: OrderLine, currency: str) -> OrderLineSnapshot:
    return OrderLineSnapshot(
        id=line.id,
        sku=line.sku,
        title=line.title,
        ordered=line.ordered,
        allocated=line.allocated,
        shipped=line.shipped,
        delivered=line.delivered,
        returned=line.returned,
        cancelled=line.cancelled,
        unit_price=Money.from_minor(line.unit_price, currency),
        total=Money.from_minor(line.total, currency),
        external_id=line.external_id,
    )
