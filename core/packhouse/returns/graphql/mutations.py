"""Taking goods back."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.orders.graphql.types import OrderType
from packhouse.payments import models as payments
from packhouse.payments.graphql.mutations import RefundPayload, id_or_none, shown_order
from packhouse.payments.graphql.types import Refund
from packhouse.returns import models
from packhouse.returns.commands.approve_return import ApproveReturn, approve_return
from packhouse.returns.commands.cancel_return import CancelReturn, cancel_return
from packhouse.returns.commands.close_return import CloseReturn, close_return
from packhouse.returns.commands.decline_return import DeclineReturn, decline_return
from packhouse.returns.commands.deny_refund import DenyRefund, deny_refund
from packhouse.returns.commands.inspect_return import InspectedUnits, InspectReturn, inspect_return
from packhouse.returns.commands.receive_return import ReceivedUnits, ReceiveReturn, receive_return
from packhouse.returns.commands.refund_return import RefundReturn, refund_return
from packhouse.returns.commands.request_return import LineToReturn, RequestReturn, request_return
from packhouse.returns.graphql.types import Return
from packhouse.returns.states import Disposition, ReturnReason
from packhouse.storage import UnitOfWork
from packhouse.web.context import Info
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.money import MoneyInput
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="Units of an order line that shall come back.")
class LineToReturnInput:
    order_line_id: relay.GlobalID = strawberry.field(description="The order line.")
    quantity: int = strawberry.field(description="Units.")
    reason: ReturnReason = strawberry.field(description="Why they come back.")


@strawberry.input(description="Units that a customer wants to send back.")
class RequestReturnInput:
    order_id: relay.GlobalID = strawberry.field(description="The order.")
    lines: list[LineToReturnInput] = strawberry.field(description="What shall come back.")
    note: str = strawberry.field(default="", description="The customer's note.")
    override_reason: str = strawberry.field(
        default="", description="Why it is taken back although the time for it is over."
    )


@strawberry.input(description="A requested return to approve.")
class ApproveReturnInput:
    return_id: relay.GlobalID = strawberry.field(description="The return.")


@strawberry.input(description="A requested return to decline.")
class DeclineReturnInput:
    return_id: relay.GlobalID = strawberry.field(description="The return.")
    reason: str = strawberry.field(description="Why, as the customer is told.")


@strawberry.input(description="A return of which nothing has arrived, to call off.")
class CancelReturnInput:
    return_id: relay.GlobalID = strawberry.field(description="The return.")
    reason: str = strawberry.field(default="", description="Why, for the timeline.")


@strawberry.input(description="Units of a return line that arrived.")
class ReceivedUnitsInput:
    line_id: relay.GlobalID = strawberry.field(description="The return line.")
    quantity: int = strawberry.field(description="Units.")


@strawberry.input(description="What arrived of a return.")
class ReceiveReturnInput:
    return_id: relay.GlobalID = strawberry.field(description="The return.")
    lines: list[ReceivedUnitsInput] = strawberry.field(description="What arrived.")
    nothing_more_comes: bool = strawberry.field(
        default=False, description="What is missing now will not come, and no money goes back for it."
    )


@strawberry.input(description="Units that were looked at, and what becomes of them.")
class InspectedUnitsInput:
    line_id: relay.GlobalID = strawberry.field(description="The return line.")
    location_id: relay.GlobalID = strawberry.field(description="Where they are.")
    quantity: int = strawberry.field(description="Units.")
    disposition: Disposition | None = strawberry.field(
        default=None, description="What becomes of them; without it the settings' policy decides."
    )
    note: str = strawberry.field(default="", description="What was seen.")
    lot: str = strawberry.field(
        default="", description="The lot that was read on them; the only one that the order was sent need not be said."
    )


@strawberry.input(description="What was seen of a return.")
class InspectReturnInput:
    return_id: relay.GlobalID = strawberry.field(description="The return.")
    units: list[InspectedUnitsInput] = strawberry.field(description="What was looked at.")


@strawberry.input(description="Money to give back for a return.")
class RefundReturnInput:
    return_id: relay.GlobalID = strawberry.field(description="The return.")
    line_ids: list[relay.GlobalID] | None = strawberry.field(
        default=None, description="For which lines; without it for all that have arrived and wait for their money."
    )
    freight: MoneyInput | None = strawberry.field(
        default=None, description="Given back on top, at most what was paid for it."
    )
    reason: str = strawberry.field(default="", description="Why, for the provider and the timeline.")
    reference: str = strawberry.field(default="", description="By hand: the bank's or till's own reference.")
    by_hand: bool = strawberry.field(
        default=False, description="Somebody has given it back already: only record it, ask no provider."
    )


@strawberry.input(description="Lines of a return for which no money goes back.")
class DenyReturnRefundInput:
    return_id: relay.GlobalID = strawberry.field(description="The return.")
    line_ids: list[relay.GlobalID] = strawberry.field(description="The lines.")
    reason: str = strawberry.field(description="Why, as the customer is told.")


@strawberry.input(description="A return that has found its end.")
class CloseReturnInput:
    return_id: relay.GlobalID = strawberry.field(description="The return.")


@strawberry.type(description="A return as it stands now.")
class ReturnPayload:
    return_request: Return | None = strawberry.field(
        name="return", description="The return; null where nothing was changed."
    )
    order: OrderType | None = strawberry.field(description="Its order; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="The refund of a return.")
class RefundReturnPayload(RefundPayload):
    return_request: Return | None = strawberry.field(
        name="return", description="The return now; null for an unknown one."
    )


@strawberry.type(description="Goods that come back.")
class ReturnsMutations:
    @strawberry.mutation(description="Open a return for shipped units that are in no other return.")
    async def request_return(self, info: Info, input: RequestReturnInput) -> ReturnPayload:
        policy = info.context.settings.returns

        async def change(uow: UnitOfWork) -> models.Return:
            lines = [
                LineToReturn(
                    node_id(line.order_line_id, "OrderLine", f"lines.{index}.orderLineId"), line.quantity, line.reason
                )
                for index, line in enumerate(input.lines)
            ]
            order_id = node_id(input.order_id, "Order", "orderId")
            data = RequestReturn(order_id, tuple(lines), input.note, input.override_reason)
            return await request_return(uow, data, policy)

        return await _run(info, change)

    @strawberry.mutation(description="Approve a requested return: the customer may send the goods.")
    async def approve_return(self, info: Info, input: ApproveReturnInput) -> ReturnPayload:
        return await _run(info, lambda uow: approve_return(uow, ApproveReturn(_return_id(input.return_id))))

    @strawberry.mutation(description="Decline a requested return.")
    async def decline_return(self, info: Info, input: DeclineReturnInput) -> ReturnPayload:
        return await _run(
            info, lambda uow: decline_return(uow, DeclineReturn(_return_id(input.return_id), input.reason))
        )

    @strawberry.mutation(description="Call off a return of which nothing has arrived.")
    async def cancel_return(self, info: Info, input: CancelReturnInput) -> ReturnPayload:
        return await _run(info, lambda uow: cancel_return(uow, CancelReturn(_return_id(input.return_id), input.reason)))

    @strawberry.mutation(description="Count units of an approved return as arrived.")
    async def receive_return(self, info: Info, input: ReceiveReturnInput) -> ReturnPayload:
        async def change(uow: UnitOfWork) -> models.Return:
            lines = [
                ReceivedUnits(node_id(line.line_id, "ReturnLine", f"lines.{index}.lineId"), line.quantity)
                for index, line in enumerate(input.lines)
            ]
            data = ReceiveReturn(_return_id(input.return_id), tuple(lines), input.nothing_more_comes)
            return await receive_return(uow, data)

        return await _run(info, change)

    @strawberry.mutation(description="Decide what becomes of units that arrived; their stock moves accordingly.")
    async def inspect_return(self, info: Info, input: InspectReturnInput) -> ReturnPayload:
        policy = info.context.settings.returns

        async def change(uow: UnitOfWork) -> models.Return:
            units = [_inspected(each, f"units.{index}") for index, each in enumerate(input.units)]
            return await inspect_return(uow, InspectReturn(_return_id(input.return_id), tuple(units)), policy)

        return await _run(info, change)

    @strawberry.mutation(
        description="Give money back for units that arrived. In doubt (PROVIDER_IN_DOUBT): do it again, the provider is asked"
        " first."
    )
    async def refund_return(self, info: Info, input: RefundReturnInput) -> RefundReturnPayload:
        context = info.context

        async def refund() -> payments.Refund:
            return await refund_return(context.database, context.providers, context.by, _refund_of(input))

        made, errors = await attempt(refund())
        return_id = id_or_none(input.return_id, "Return")
        row = await models.Return.get_or_none(id=return_id) if return_id else None
        order = await shown_order(info, row.order_id) if row else None
        return RefundReturnPayload(
            refund=Refund.of(made, order.currency) if made and order else None,
            order=order,
            return_request=Return.of(row) if row else None,
            user_errors=errors,
        )

    @strawberry.mutation(description="Decide that no money goes back for lines of a return.")
    async def deny_return_refund(self, info: Info, input: DenyReturnRefundInput) -> ReturnPayload:
        async def change(uow: UnitOfWork) -> models.Return:
            data = DenyRefund(_return_id(input.return_id), _line_ids(input.line_ids), input.reason)
            return await deny_refund(uow, data)

        return await _run(info, change)

    @strawberry.mutation(description="Close a return whose units all have a disposition and whose money is settled.")
    async def close_return(self, info: Info, input: CloseReturnInput) -> ReturnPayload:
        return await _run(info, lambda uow: close_return(uow, CloseReturn(_return_id(input.return_id))))


async def _run(info: Info, change: Callable[[UnitOfWork], Awaitable[models.Return]]) -> ReturnPayload:
    row, errors = await attempt(info.context.write(change))
    return ReturnPayload(
        return_request=Return.of(row) if row else None,
        order=await shown_order(info, row.order_id) if row else None,
        user_errors=errors,
    )


def _return_id(global_id: relay.GlobalID) -> UUID:
    return node_id(global_id, "Return", "returnId")


def _line_ids(global_ids: list[relay.GlobalID]) -> tuple[UUID, ...]:
    return tuple(node_id(each, "ReturnLine", f"lineIds.{index}") for index, each in enumerate(global_ids))


def _inspected(units: InspectedUnitsInput, path: str) -> InspectedUnits:
    return InspectedUnits(
        line_id=node_id(units.line_id, "ReturnLine", f"{path}.lineId"),
        location_id=node_id(units.location_id, "Location", f"{path}.locationId"),
        quantity=units.quantity,
        disposition=units.disposition,
        note=units.note,
        lot=units.lot,
    )


def _refund_of(input: RefundReturnInput) -> RefundReturn:
    return RefundReturn(
        return_id=_return_id(input.return_id),
        line_ids=None if input.line_ids is None else _line_ids(input.line_ids),
        freight=input.freight.value("freight.amount") if input.freight else None,
        reason=input.reason,
        reference=input.reference,
        by_hand=input.by_hand,
    )
