"""Payments and refunds."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.orders.graphql.types import OrderRecord
from packhouse.orders.states import OrderStatus
from packhouse.payments import models, queries
from packhouse.payments.log import logged
from packhouse.payments.rules import PaymentSummary, payment_status
from packhouse.payments.states import PaymentKind, PaymentOutcome, PaymentStatus, RefundStatus
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.money import Money

expose(PaymentKind, PaymentOutcome, RefundStatus)


@strawberry.type(description="One thing that happened to an order's money: an entry of an append-only log.")
class PaymentEvent(relay.Node):
    id: relay.NodeID[UUID]
    kind: PaymentKind = strawberry.field(description="What it is about.")
    outcome: PaymentOutcome = strawberry.field(description="What became of it.")
    amount: Money = strawberry.field(description="How much; never below nothing, the kind says which way.")
    provider: str | None = strawberry.field(description="Code of the payment provider or channel.")
    method: str | None = strawberry.field(description="How it was paid: card, voucher, bank transfer.")
    external_id: str | None = strawberry.field(description="The provider's own id of it.")
    note: str | None = strawberry.field(description="More about it, for people.")
    occurred_at: datetime = strawberry.field(description="When it happened.")

    @classmethod
    def of(cls, row: models.PaymentEvent, currency: str) -> "PaymentEvent":
        """The entry of a row; the amount is in its order's currency."""
        return cls(
            id=row.id,
            kind=PaymentKind(row.kind),
            outcome=PaymentOutcome(row.outcome),
            amount=Money.of_minor(row.amount, currency),
            provider=row.provider or None,
            method=row.method or None,
            external_id=row.external_id or None,
            note=row.note or None,
            occurred_at=row.occurred_at,
        )


@strawberry.type(description="Money that was decided to be given back, and how far that has come.")
class Refund(relay.Node):
    id: relay.NodeID[UUID]
    status: RefundStatus = strawberry.field(description="How far it has come.")
    amount: Money = strawberry.field(description="How much.")
    provider: str | None = strawberry.field(description="Code of the payment provider.")
    reference: str | None = strawberry.field(description="The provider's own id of it.")
    reason: str | None = strawberry.field(description="Why.")
    created_at: datetime = strawberry.field(description="When it was decided.")
    finished_at: datetime | None = strawberry.field(description="When it was done or failed.")

    @classmethod
    def of(cls, row: models.Refund, currency: str) -> "Refund":
        """The refund of a row; the amount is in its order's currency."""
        return cls(
            id=row.id,
            status=RefundStatus(row.status),
            amount=Money.of_minor(row.amount, currency),
            provider=row.provider or None,
            reference=row.reference or None,
            reason=row.reason or None,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )


@strawberry.type(description="What an order's money adds up to.")
class PaymentAmounts:
    authorized: Money = strawberry.field(description="May still be charged.")
    charged: Money = strawberry.field(description="Came in.")
    charged_back: Money = strawberry.field(description="Taken back by banks.")
    refunded: Money = strawberry.field(description="Given back.")
    refundable: Money = strawberry.field(description="Can still be given back; what is being refunded is left out.")
    outstanding: Money = strawberry.field(description="Still owed by the customer.")
    overpaid: Money = strawberry.field(description="Kept beyond what is due.")

    @classmethod
    def of(cls, summary: PaymentSummary, currency: str) -> "PaymentAmounts":
        """The sums of the rules."""
        return cls(
            authorized=Money.of_minor(summary.authorized, currency),
            charged=Money.of_minor(summary.charged, currency),
            charged_back=Money.of_minor(summary.charged_back, currency),
            refunded=Money.of_minor(summary.refunded, currency),
            refundable=Money.of_minor(summary.refundable, currency),
            outstanding=Money.of_minor(summary.outstanding, currency),
            overpaid=Money.of_minor(summary.overpaid, currency),
        )


async def payment_summary(info: Info, order: OrderRecord) -> PaymentSummary:
    """What an order's payment log adds up to; nothing is due for an order that was called off."""
    rows = await info.context.loaders.many(queries.payments_of_orders, order.id)
    called_off = order.status in {OrderStatus.CANCELLED, OrderStatus.EXPIRED}
    summary = payment_status(map(logged, rows), 0 if called_off else order.row.total)
    # nothing to pay is paid, but not where the order was called off before any money came
    never_paid = called_off and not (summary.charged or summary.authorized)
    return replace(summary, status=PaymentStatus.NONE) if never_paid else summary


@strawberry.type(description="What money adds to an order.")
class OrderPayments(OrderRecord):
    @strawberry.field(description="How far its money has come, whatever its parcels do.")
    async def payment_status(self, info: Info) -> PaymentStatus:
        return (await payment_summary(info, self)).status

    @strawberry.field(description="What its money adds up to.")
    async def payment_amounts(self, info: Info) -> PaymentAmounts:
        return PaymentAmounts.of(await payment_summary(info, self), self.currency)

    @strawberry.field(description="Everything that happened to its money, oldest first.")
    async def payments(self, info: Info) -> list[PaymentEvent]:
        rows = await info.context.loaders.many(queries.payments_of_orders, self.id)
        return [PaymentEvent.of(row, self.currency) for row in rows]

    @strawberry.field(description="Its refunds, oldest first.")
    async def refunds(self, info: Info) -> list[Refund]:
        rows = await info.context.loaders.many(queries.refunds_of_orders, self.id)
        return [Refund.of(row, self.currency) for row in rows]
