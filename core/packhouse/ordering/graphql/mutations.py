"""Confirming, holding, releasing and cancelling orders."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.inventory.commands.extend_reservation import DEFAULT_SECONDS
from packhouse.inventory.graphql.mutations import ReservationPayload, reservation_payload
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.cancel import CancelOrder, cancel
from packhouse.ordering.commands.confirm import confirm
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.ordering.commands.release_hold import ReleaseHold, release_hold
from packhouse.ordering.commands.reserve import ReserveStock, reserve
from packhouse.orders.graphql.types import OrderType, order_object
from packhouse.orders.queries import read_order
from packhouse.orders.states import HoldReason
from packhouse.sdk import Refused
from packhouse.storage import Reader, UnitOfWork
from packhouse.web.context import Context, Info
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="An order to confirm.")
class ConfirmOrderInput:
    order_id: relay.GlobalID = strawberry.field(description="The order.")


@strawberry.input(description="An order to hold.")
class HoldOrderInput:
    order_id: relay.GlobalID = strawberry.field(description="The order.")
    reason: HoldReason = strawberry.field(description="Why it may not be picked or shipped.")
    note: str = strawberry.field(default="", description="More about it, for people.")


@strawberry.input(description="A hold to release.")
class ReleaseHoldInput:
    hold_id: relay.GlobalID = strawberry.field(description="The hold.")
    reason: str = strawberry.field(default="", description="Why it may go on.")


@strawberry.input(description="An order to cancel.")
class CancelOrderInput:
    order_id: relay.GlobalID = strawberry.field(description="The order.")
    reason: str = strawberry.field(description="Why, for the timeline.")


@strawberry.input(description="Units of a SKU to reserve.")
class ReserveStockLineInput:
    sku: str = strawberry.field(description="SKU of the variant.")
    quantity: int = strawberry.field(description="Units.")


@strawberry.input(description="A basket to hold for a checkout.")
class ReserveStockInput:
    lines: list[ReserveStockLineInput] = strawberry.field(description="What is in the basket.")
    seconds: int = strawberry.field(default=DEFAULT_SECONDS, description="For how long, from now; a day at most.")


@strawberry.type(description="The order that was changed.")
class OrderPayload:
    order: OrderType | None = strawberry.field(description="The order now; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


async def order_payload(reader: Reader, change: Awaitable[UUID]) -> OrderPayload:
    """The payload of a command that gives the id of the order it changed."""
    order_id, errors = await attempt(change)
    row = await read_order(reader, order_id) if order_id else None
    return OrderPayload(order=order_object(row) if row else None, user_errors=errors)


@strawberry.type(description="Changes of orders.")
class OrderingMutations:
    @strawberry.mutation(
        description="Hold stock for a checkout until a deadline, all of it or nothing; place the order with its id."
    )
    async def reserve_stock(self, info: Info, input: ReserveStockInput) -> ReservationPayload:
        data = ReserveStock(tuple(BasketLine(line.sku, line.quantity) for line in input.lines), input.seconds)
        return await reservation_payload(info.context.write(lambda uow: reserve(uow, data)))

    @strawberry.mutation(description="Confirm a pending order: its stock is allocated and its work given out.")
    async def confirm_order(self, info: Info, input: ConfirmOrderInput) -> OrderPayload:
        return await _run(info.context, lambda uow: confirm(uow, node_id(input.order_id, "Order", "orderId")))

    @strawberry.mutation(description="Hold an order: nothing of it is picked or shipped until the hold is released.")
    async def hold_order(self, info: Info, input: HoldOrderInput) -> OrderPayload:
        async def change(uow: UnitOfWork) -> UUID:
            return await hold(uow, HoldOrder(node_id(input.order_id, "Order", "orderId"), input.reason, input.note))

        return await _run(info.context, change)

    @strawberry.mutation(description="Release a hold; a pending order that nothing else holds is confirmed.")
    async def release_hold(self, info: Info, input: ReleaseHoldInput) -> OrderPayload:
        checks = info.context.checks

        async def change(uow: UnitOfWork) -> UUID:
            data = ReleaseHold(node_id(input.hold_id, "Hold", "holdId"), input.reason)
            return await release_hold(uow, data, lambda order: checks.check("check_release", order))

        return await _run(info.context, change)

    @strawberry.mutation(
        description="Cancel an order of which nothing has shipped: its stock is given back. Where a network works on it, it is "
        "asked first: the order is held, and `cancelRequestedAt` is set until the answer cancels it or lets it go on."
    )
    async def cancel_order(self, info: Info, input: CancelOrderInput) -> OrderPayload:
        checks = info.context.checks

        async def change(uow: UnitOfWork) -> UUID:
            if not input.reason.strip():
                raise Refused("REASON_NEEDED", "say why the order is cancelled", "reason")
            data = CancelOrder(node_id(input.order_id, "Order", "orderId"), input.reason)
            return await cancel(uow, data, lambda order: checks.check("check_cancellation", order))

        return await _run(info.context, change)


async def _run(context: Context, change: Callable[[UnitOfWork], Awaitable[UUID]]) -> OrderPayload:
    return await order_payload(context.database, context.write(change))
