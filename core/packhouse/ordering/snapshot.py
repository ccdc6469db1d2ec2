"""An order as the plugins' checks inside a transaction see it: with its lines, without what rooms above know."""

from collections.abc import Sequence

from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import Address, Money, OrderLineSnapshot, OrderSnapshot


def bare_snapshot(order: Order, lines: Sequence[OrderLine]) -> OrderSnapshot:
    """A frozen copy of an order and its lines."""
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
        lines=tuple(_line(line, order.currency) for line in lines),
        is_demo=order.is_demo,
        tags=tuple(order.tags),
    )


def _line(line: OrderLine, currency: str) -> OrderLineSnapshot:
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
