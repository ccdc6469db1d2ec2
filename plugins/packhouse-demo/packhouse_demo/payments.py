"""The simulated payment provider: every refund works, and the same key gives the same reference."""

from packhouse.sdk import ProviderRefused, RefundReceipt, RefundRequest, fact_id

CODE = "demo-pay"


class DemoPayments:
    """Gives nothing back, and says it did. The keys are remembered for `find_refund` until the process ends."""

    code = CODE
    title = "Demo payments (simulated)"

    def __init__(self) -> None:
        self._made: set[str] = set()

    async def refund(self, request: RefundRequest) -> RefundReceipt:
        """A receipt, the same one for the same key.

        Raises:
            ProviderRefused: no payment is named.
        """
        if not request.payment_reference:
            raise ProviderRefused(f"the refund of order {request.order_number} names no payment")
        self._made.add(request.idempotency_key)
        return _receipt(request)

    async def find_refund(self, request: RefundRequest) -> RefundReceipt | None:
        """The receipt of a refund that was made since the process started; None where there is none."""
        return _receipt(request) if request.idempotency_key in self._made else None


def _receipt(request: RefundRequest) -> RefundReceipt:
    return RefundReceipt(f"demo-refund-{fact_id('demo refund', request.idempotency_key).hex[:12]}")
