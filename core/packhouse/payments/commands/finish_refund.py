"""Writing down what became of a refund: made, failed, or in doubt."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from packhouse.events.record import record
from packhouse.orders.models import Order
from packhouse.payments.commands.append import append_payment, locked_order
from packhouse.payments.commands.request_refund import entry_of
from packhouse.payments.models import Refund
from packhouse.payments.states import REFUND_STATUS, PaymentOutcome, RefundStatus
from packhouse.sdk import EventType, now
from packhouse.storage import UnitOfWork

# Called in the transaction of the outcome, so that whoever asked for the refund (a return) hears of it or nothing happened.
OnOutcome = Callable[[UnitOfWork, Refund], Awaitable[None]]

_OUTCOMES = {RefundStatus.FAILED: PaymentOutcome.FAILURE, RefundStatus.IN_DOUBT: PaymentOutcome.IN_DOUBT}


async def refund_made(uow: UnitOfWork, refund_id: UUID, reference: str, on_outcome: OnOutcome | None) -> Refund:
    """The money was given back. Done twice, it is done once."""
    order, refund = await _locked(refund_id)
    if refund.status == RefundStatus.DONE:
        return refund
    await _move(refund, RefundStatus.DONE, reference=reference[:128])
    await append_payment(uow, order, entry_of(refund, PaymentOutcome.SUCCESS, reference=refund.reference))
    record(
        uow,
        EventType.REFUND_MADE,
        refund.id,
        order_id=order.id,
        reason=refund.reason,
        payload={
            "refund_id": str(refund.id),
            "amount": refund.amount,
            "currency": order.currency,
            "provider": refund.provider,
            "reference": refund.reference,
            "return_id": str(refund.return_id) if refund.return_id else None,
        },
    )
    if on_outcome is not None:
        await on_outcome(uow, refund)
    return refund


async def refund_not_made(
    uow: UnitOfWork, refund_id: UUID, status: RefundStatus, note: str, on_outcome: OnOutcome | None
) -> Refund:
    """The money was not given back (failed), or nobody knows (in doubt)."""
    order, refund = await _locked(refund_id)
    if refund.status == status:
        return refund
    await _move(refund, status, reference=refund.reference)
    await append_payment(uow, order, entry_of(refund, _OUTCOMES[status], note=note))
    if on_outcome is not None:
        await on_outcome(uow, refund)
    return refund


async def _locked(refund_id: UUID) -> tuple[Order, Refund]:
    """The order first, as everywhere, then its refund as it stands under that lock."""
    found = await Refund.get(id=refund_id)
    order = await locked_order(found.order_id)
    return order, await Refund.get(id=refund_id)


async def _move(refund: Refund, status: RefundStatus, *, reference: str) -> None:
    REFUND_STATUS.check(RefundStatus(refund.status), status)
    refund.status = status.value
    refund.reference = reference
    refund.finished_at = None if status is RefundStatus.IN_DOUBT else now()
    await refund.save(update_fields=["status", "reference", "finished_at"])
