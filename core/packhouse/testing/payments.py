"""A payment provider that does as it is told, payments through it, and what an order's money looks like."""

from dataclasses import dataclass, field

from packhouse.events.models import EventRow
from packhouse.orders.models import Order
from packhouse.payments.commands.record_payment import RecordPayment, record_payment
from packhouse.payments.models import PaymentEvent, Refund
from packhouse.payments.states import PaymentKind
from packhouse.sdk import Money, Providers, RefundReceipt, RefundRequest
from packhouse.storage import Database
from packhouse.testing.factories import BY


@dataclass
class FakeBank:
    """A payment provider. A refund raises `error`, after it was made all the same where `makes_it_first`."""

    code: str = "bank"
    title: str = "Bank"
    error: Exception | None = None
    makes_it_first: bool = False
    find_error: Exception | None = None
    asked: list[RefundRequest] = field(default_factory=list)
    made: dict[str, RefundReceipt] = field(default_factory=dict)

    @property
    def providers(self) -> Providers:
        """This bank as the only provider."""
        return Providers(payments={self.code: self})

    async def refund(self, request: RefundRequest) -> RefundReceipt:
        """Make a refund, once for each key."""
        self.asked.append(request)
        if self.error is None or self.makes_it_first:
            self.made.setdefault(request.idempotency_key, RefundReceipt(f"bank-{len(self.made) + 1}"))
        if self.error is not None:
            raise self.error
        return self.made[request.idempotency_key]

    async def find_refund(self, request: RefundRequest) -> RefundReceipt | None:
        """The refund of a key, where it was made."""
        if self.find_error is not None:
            raise self.find_error
        return self.made.get(request.idempotency_key)


async def make_charge(
    database: Database, order: Order, amount: str, *, external_id: str = "pay-1", provider: str = "bank"
) -> PaymentEvent:
    """Money that a provider took for an order; none took it where `provider` is empty."""
    money = Money.of(amount, order.currency)
    data = RecordPayment(order.id, PaymentKind.CHARGE, money, provider=provider, external_id=external_id)
    return await database.write(BY, lambda uow: record_payment(uow, data))


@dataclass(frozen=True, slots=True)
class MoneyOf:
    """Everything that is written about an order's money, to compare before and after."""

    payments: list[tuple[str, str, int]]
    refunds: list[tuple[str, int, str]]
    events: list[str]


async def money_of(order: Order) -> MoneyOf:
    """The payment log, the refunds, and the order's events, each in the order in which they were written."""
    payments = await PaymentEvent.filter(order_id=order.id).order_by("id")
    refunds = await Refund.filter(order_id=order.id).order_by("id")
    events = await EventRow.filter(order_id=order.id)
    return MoneyOf(
        [(row.kind, row.outcome, row.amount) for row in payments],
        [(row.status, row.amount, row.provider) for row in refunds],
        sorted(row.type for row in events),
    )
