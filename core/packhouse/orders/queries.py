"""Reads of orders and their timeline."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tortoise.functions import Count

from packhouse.events.models import EventRow
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.storage.batches import by_id, children

orders_by_id = by_id(Order)
order_lines_by_id = by_id(OrderLine)
holds_by_id = by_id(Hold)
events_by_id = by_id(EventRow)
lines_of_orders = children(OrderLine, "order_id", "position")
holds_of_orders = children(Hold, "order_id", "placed_at")
events_of_orders = children(EventRow, "order_id", "occurred_at", "position")


async def order_counts_of_customers(ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many orders each customer has placed; customers without any are left out."""
    rows = await (
        Order.filter(customer_id__in=list(dict.fromkeys(ids)))
        .annotate(orders=Count("id"))
        .group_by("customer_id")
        .values("customer_id", "orders")
    )
    return {row["customer_id"]: row["orders"] for row in rows}
