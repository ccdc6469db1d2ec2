"""Payment providers: money that goes back. See `providers` for the rules."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from packhouse.sdk.values import Money


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to give back for an order through the provider that took it."""

    idempotency_key: str
    order_number: str
    payment_reference: str
    amount: Money
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundReceipt:
    """The provider's reference of a refund that was made."""

    reference: str


@runtime_checkable
class Refunds(Protocol):
    """Gives money back, and can say whether an earlier call in doubt did."""

    async def refund(self, request: RefundRequest) -> RefundReceipt: ...
    async def find_refund(self, request: RefundRequest) -> RefundReceipt | None: ...
