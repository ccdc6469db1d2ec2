"""Reading payments by id."""

from uuid import UUID

from packhouse.orders.graphql.types import order_row
from packhouse.payments import queries
from packhouse.payments.graphql.types import PaymentEvent, Refund
from packhouse.web.context import Info


async def _payment_event(info: Info, id_: UUID) -> PaymentEvent | None:
    row = await info.context.loaders.one(queries.payment_events_by_id, id_)
    return None if row is None else PaymentEvent.of(row, (await order_row(info, row.order_id)).currency)


async def _refund(info: Info, id_: UUID) -> Refund | None:
    row = await info.context.loaders.one(queries.refunds_by_id, id_)
    return None if row is None else Refund.of(row, (await order_row(info, row.order_id)).currency)


NODES = {"PaymentEvent": _payment_event, "Refund": _refund}
