"""What follows from all facts of an order together: its phase, and what may be done with it now.

It stands here because returns are the highest room whose facts decide.
"""

from uuid import UUID

import strawberry

from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.queries import fulfillment_orders_of_orders
from packhouse.fulfillment.states import FULFILLMENT_ORDER_STATUS, FulfillmentOrderStatus, RequestStatus
from packhouse.orders.graphql.types import AvailableAction, OrderRecord, shippable_lines
from packhouse.orders.queries import counters, holds_of_orders, lines_of_orders
from packhouse.orders.rules import OrderSituation, available_actions, phase
from packhouse.orders.states import HoldReason, OrderPhase
from packhouse.payments.graphql.types import payment_summary
from packhouse.returns.graphql.types import OPEN_STATUSES
from packhouse.returns.queries import lines_of_returns, returns_of_orders
from packhouse.returns.states import ReturnCustody
from packhouse.shipping.models import Shipment
from packhouse.shipping.queries import has_failed, lines_of_shipments, order_units, shipments_of_orders
from packhouse.web.context import Info

_REFUSED = frozenset({RequestStatus.REJECTED.value, RequestStatus.TIMED_OUT.value})
_ON_THE_WAY_TO_US = frozenset({ReturnCustody.ADVISED.value, ReturnCustody.IN_TRANSIT.value})


@strawberry.type(description="What all facts of an order together say.")
class OrderState(OrderRecord):
    @strawberry.field(description="One word for people: where several apply, the most telling one.")
    async def phase(self, info: Info) -> OrderPhase:
        load = info.context.loaders
        holds = await load.many(holds_of_orders, self.id)
        work = await load.many(fulfillment_orders_of_orders, self.id)
        return phase(
            self.status,
            await shippable_lines(info, self.id),
            failed_units=await _failed_units(info, await load.many(shipments_of_orders, self.id)),
            failed_fulfillment=_nobody_sends(work),
            open_holds=sum(row.released_at is None for row in holds),
        )

    @strawberry.field(description="What may be done with it now, and why not where not.")
    async def available_actions(self, info: Info) -> list[AvailableAction]:
        actions = available_actions(await _situation(info, self))
        return [AvailableAction(action=each.name, allowed=each.allowed, reason=each.reason) for each in actions]


async def _situation(info: Info, order: OrderRecord) -> OrderSituation:
    load = info.context.loaders
    lines = await load.many(lines_of_orders, order.id)
    holds = await load.many(holds_of_orders, order.id)
    work = await load.many(fulfillment_orders_of_orders, order.id)
    shipments = await load.many(shipments_of_orders, order.id)
    returns = [row for row in await load.many(returns_of_orders, order.id) if row.status in OPEN_STATUSES]
    return OrderSituation(
        status=order.status,
        lines=tuple(map(counters, lines)),
        open_holds=tuple(HoldReason(row.reason) for row in holds if row.released_at is None),
        fulfillment_orders=tuple(row.status for row in work),
        shipments=tuple(row.status for row in shipments),
        asked_back=sum(row.request_status == RequestStatus.CANCELLATION_REQUESTED for row in work),
        refundable_minor=(await payment_summary(info, order)).refundable,
        open_returns=len(returns),
        returning=sum([await _units_on_the_way(info, row.id) for row in returns]),
    )


async def _units_on_the_way(info: Info, return_id: UUID) -> int:
    rows = await info.context.loaders.many(lines_of_returns, return_id)
    return sum(row.quantity - row.received for row in rows if row.custody in _ON_THE_WAY_TO_US)


async def _failed_units(info: Info, shipments: list[Shipment]) -> int:
    """Units in parcels that are not on their way any more and were not delivered."""
    failed = [row for row in shipments if has_failed(row)]
    return sum(
        [order_units(line) for row in failed for line in await info.context.loaders.many(lines_of_shipments, row.id)]
    )


def _is_active(row: FulfillmentOrder) -> bool:
    return not FULFILLMENT_ORDER_STATUS.is_final(FulfillmentOrderStatus(row.status))


def _nobody_sends(work: list[FulfillmentOrder]) -> bool:
    """Whether a location gave up or refused, and no other works on the order."""
    failed = [row for row in work if row.request_status in _REFUSED or row.status == FulfillmentOrderStatus.INCOMPLETE]
    return bool(failed) and not any(_is_active(row) and row.request_status not in _REFUSED for row in work)
