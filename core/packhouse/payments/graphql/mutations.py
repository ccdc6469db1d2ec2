"""Recording payments and giving money back."""

from collections.abc import Awaitable
from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.orders.graphql.types import OrderType, order_object
from packhouse.orders.queries import orders_by_id
from packhouse.payments import models
from packhouse.payments.commands.record_payment import RecordPayment, record_payment
from packhouse.payments.commands.refund_order import RetryRefund, refund_order, retry_refund
from packhouse.payments.commands.request_refund import RefundOrder
from packhouse.payments.graphql.types import PaymentEvent, Refund
from packhouse.payments.states import PaymentKind, PaymentOutcome
from packhouse.sdk import Refused
from packhouse.web.context import Info
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.money import MoneyInput
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="Something that happened to an order's money.")
class RecordPaymentInput:
    order_id: relay.GlobalID = strawberry.field(description="The order.")
    kind: PaymentKind = strawberry.field(description="What it is about.")
    outcome: PaymentOutcome = strawberry.field(default=PaymentOutcome.SUCCESS, description="What became of it.")
    amount: MoneyInput = strawberry.field(description="How much, in the order's currency; the kind says which way.")
    provider: str = strawberry.field(default="", description="Code of the payment provider.")
    method: str = strawberry.field(default="", description="How it was paid: card, voucher, bank transfer.")
    external_id: str = strawberry.field(
        default="", description="The provider's own id of it: with it, a repeat is recognised and changes nothing."
    )
    note: str = strawberry.field(default="", description="More about it, for people.")
    occurred_at: datetime | None = strawberry.field(default=None, description="When, with time zone; now without it.")


@strawberry.input(description="Money to give back.")
class RefundOrderInput:
    order_id: relay.GlobalID = strawberry.field(description="The order.")
    amount: MoneyInput | None = strawberry.field(default=None, description="How much; all that can be without it.")
    reason: str = strawberry.field(default="", description="Why; needed where it is given back by hand.")
    reference: str = strawberry.field(default="", description="By hand: the bank's or till's own reference.")
    by_hand: bool = strawberry.field(
        default=False, description="Somebody has given it back already: only record it, ask no provider."
    )


@strawberry.input(description="A refund to try again.")
class RetryRefundInput:
    refund_id: relay.GlobalID = strawberry.field(description="The refund: failed or in doubt.")


@strawberry.type(description="The entry of the payment log.")
class PaymentPayload:
    payment: PaymentEvent | None = strawberry.field(description="The entry; null where nothing was changed.")
    order: OrderType | None = strawberry.field(description="Its order now; null for an unknown one.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="The refund and how far it has come.")
class RefundPayload:
    refund: Refund | None = strawberry.field(
        description="The refund that was made; null where none was. A failed one or one in doubt is in the order's refunds."
    )
    order: OrderType | None = strawberry.field(description="Its order now; null for an unknown one.")
    user_errors: list[UserError] = strawberry.field(description="Why it was not made; empty when it was.")


@strawberry.type(description="Money that comes in and goes back.")
class PaymentsMutations:
    @strawberry.mutation(description="Record what happened to an order's money somewhere else.")
    async def record_payment(self, info: Info, input: RecordPaymentInput) -> PaymentPayload:
        context = info.context

        async def write() -> models.PaymentEvent:
            data = RecordPayment(
                order_id=node_id(input.order_id, "Order", "orderId"),
                kind=input.kind,
                amount=input.amount.value("amount.amount"),
                outcome=input.outcome,
                provider=input.provider,
                method=input.method,
                external_id=input.external_id,
                note=input.note,
                occurred_at=input.occurred_at,
            )
            return await context.write(lambda uow: record_payment(uow, data))

        row, errors = await attempt(write())
        order = await shown_order(info, id_or_none(input.order_id, "Order"))
        return PaymentPayload(
            payment=PaymentEvent.of(row, order.currency) if row and order else None, order=order, user_errors=errors
        )

    @strawberry.mutation(
        description="Give money back through the provider that took it, or record that it was given back by hand. In doubt"
        " (PROVIDER_IN_DOUBT): retry the refund, the provider is asked first."
    )
    async def refund_order(self, info: Info, input: RefundOrderInput) -> RefundPayload:
        context = info.context

        async def refund() -> models.Refund:
            data = RefundOrder(
                order_id=node_id(input.order_id, "Order", "orderId"),
                amount=input.amount.value("amount.amount") if input.amount else None,
                reason=input.reason,
                reference=input.reference,
                by_hand=input.by_hand,
            )
            return await refund_order(context.database, context.providers, context.by, data)

        return await _refunded(info, refund(), id_or_none(input.order_id, "Order"))

    @strawberry.mutation(
        description="Try a refund again: one in doubt is cleared up by asking the provider, a failed one is followed by one new"
        " one."
    )
    async def retry_refund(self, info: Info, input: RetryRefundInput) -> RefundPayload:
        context = info.context

        async def retry() -> models.Refund:
            data = RetryRefund(node_id(input.refund_id, "Refund", "refundId"))
            return await retry_refund(context.database, context.providers, context.by, data)

        refund_id = id_or_none(input.refund_id, "Refund")
        row = await models.Refund.get_or_none(id=refund_id) if refund_id else None
        return await _refunded(info, retry(), row.order_id if row else None)


async def shown_order(info: Info, order_id: UUID | None) -> OrderType | None:
    """The order for a payload, also where a mutation failed: what failed may have changed it, too."""
    row = await info.context.loaders.one(orders_by_id, order_id) if order_id else None
    return order_object(row) if row else None


def id_or_none(global_id: relay.GlobalID, type_name: str) -> UUID | None:
    """The id behind a global id; None where it is of another type or none at all, which the command has refused."""
    try:
        return node_id(global_id, type_name, "id")
    except Refused:
        return None


async def _refunded(info: Info, refund: Awaitable[models.Refund], order_id: UUID | None) -> RefundPayload:
    row, errors = await attempt(refund)
    order = await shown_order(info, order_id)
    return RefundPayload(
        refund=Refund.of(row, order.currency) if row and order else None, order=order, user_errors=errors
    )
