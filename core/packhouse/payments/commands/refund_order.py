"""Giving money back: the intent first, then the provider, then what became of it; and trying again."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from packhouse.events.calls import call_provider
from packhouse.events.models import ProviderCall
from packhouse.events.states import CallStatus
from packhouse.orders.models import Order
from packhouse.payments.commands.append import locked_order
from packhouse.payments.commands.finish_refund import OnOutcome, refund_made, refund_not_made
from packhouse.payments.commands.request_refund import RefundOrder, request_refund
from packhouse.payments.models import PaymentEvent, Refund
from packhouse.payments.states import RefundStatus
from packhouse.sdk import Money, ProviderError, Providers, RefundReceipt, RefundRequest, Refunds, Refused
from packhouse.storage import Database, Initiator, UnitOfWork, write_once

_OPERATION = "refund"
_OUTCOMES = {CallStatus.FAILED: RefundStatus.FAILED, CallStatus.IN_DOUBT: RefundStatus.IN_DOUBT}


@dataclass(frozen=True, slots=True)
class RetryRefund:
    """A refund that failed, is in doubt, or was left behind by a process that ended."""

    refund_id: UUID


async def refund_order(database: Database, providers: Providers, by: Initiator, data: RefundOrder) -> Refund:
    """Give money back through the provider that took it, or record that it was given back by hand.

    Raises:
        InvalidValue, Refused: as `request_refund`; nothing was changed.
        ProviderError: the provider did not do it, or it is in doubt; the refund says so and can be tried again.
    """
    codes = refunding(providers)
    refund = await write_once(database, by, lambda uow: request_refund(uow, data, codes))
    return await carry_out(database, providers, by, refund)


async def retry_refund(
    database: Database, providers: Providers, by: Initiator, data: RetryRefund, on_outcome: OnOutcome | None = None
) -> Refund:
    """Try a refund again. One in doubt is cleared up by asking the provider; a failed one is followed by a new one.

    Raises:
        Refused: NOT_FOUND, ALREADY_REFUNDED, ALREADY_RETRIED, REFUND_OF_RETURN (its return has to hear of it, too), and as
            `request_refund`.
        ProviderError: it did not work again.
    """
    codes = refunding(providers)
    refund = await database.write(by, lambda uow: _take_up(uow, data, codes, for_return=on_outcome is not None))
    return await carry_out(database, providers, by, refund, on_outcome)


async def carry_out(
    database: Database, providers: Providers, by: Initiator, refund: Refund, on_outcome: OnOutcome | None = None
) -> Refund:
    """Make a requested refund, or find out what became of one in doubt.

    Raises:
        Refused: PROVIDER_NOT_REGISTERED, or another process is at it.
        ProviderError: the provider did not do it, or it is in doubt; both are written down.
    """
    if not refund.provider:
        return await database.write(by, lambda uow: refund_made(uow, refund.id, refund.reference, on_outcome))
    provider = _provider(providers, refund)
    request = await _request(refund)

    async def send() -> RefundReceipt:
        return await provider.refund(request)

    async def find() -> RefundReceipt | None:
        return await provider.find_refund(request)

    async def made(uow: UnitOfWork, receipt: RefundReceipt) -> Refund:
        return await refund_made(uow, refund.id, receipt.reference, on_outcome)

    try:
        return await call_provider(
            database,
            by,
            provider=refund.provider,
            operation=_OPERATION,
            subject_id=refund.id,
            order_id=refund.order_id,
            idempotency_key=request.idempotency_key,
            send=send,
            find=find,
            on_success=made,
        )
    except ProviderError as error:
        note, key = error.detail, request.idempotency_key
        await database.write(by, lambda uow: _write_down(uow, refund, key, note, on_outcome))
        raise


def refunding(providers: Providers) -> frozenset[str]:
    """The codes of the registered providers that refund."""
    return frozenset(code for code, provider in providers.payments.items() if isinstance(provider, Refunds))


async def _take_up(uow: UnitOfWork, data: RetryRefund, codes: Collection[str], *, for_return: bool) -> Refund:
    found = await Refund.get_or_none(id=data.refund_id)
    if found is None:
        raise Refused("NOT_FOUND", f"there is no refund {data.refund_id}", "refundId")
    order = await locked_order(found.order_id)
    refund = await Refund.get(id=found.id)
    if refund.return_id is not None and not for_return:
        raise Refused(
            "REFUND_OF_RETURN",
            f"refund {refund.id} belongs to return {refund.return_id}: refund that again",
            "refundId",
        )
    if refund.status == RefundStatus.DONE:
        raise Refused("ALREADY_REFUNDED", f"refund {refund.id} of order {order.number} was made", "refundId")
    if refund.status == RefundStatus.FAILED:
        return await _follow(uow, order, refund, codes)
    return refund


async def _follow(uow: UnitOfWork, order: Order, failed: Refund, codes: Collection[str]) -> Refund:
    """A new refund in the place of a failed one, which stays as it is: its key is burnt at the provider."""
    successor = await Refund.get_or_none(retry_of_id=failed.id)
    if successor is not None:
        raise Refused(
            "ALREADY_RETRIED",
            f"refund {failed.id} was tried again as {successor.id}, which is {successor.status}",
            "refundId",
        )
    if failed.provider not in codes:
        raise _not_registered(failed)
    again = RefundOrder(
        order_id=order.id,
        amount=Money.from_minor(failed.amount, order.currency),
        reason=failed.reason,
        return_id=failed.return_id,
        retry_of_id=failed.id,
    )
    return await request_refund(uow, again, codes)


async def _write_down(
    uow: UnitOfWork, refund: Refund, idempotency_key: str, note: str, on_outcome: OnOutcome | None
) -> None:
    """What the call's own record says counts: somebody else may have taken the call over, and writes down its end."""
    await locked_order(refund.order_id)
    call = await ProviderCall.get(idempotency_key=idempotency_key)
    status = _OUTCOMES.get(CallStatus(call.status))
    if status is not None:
        await refund_not_made(uow, refund.id, status, note, on_outcome)


def _provider(providers: Providers, refund: Refund) -> Refunds:
    provider: object = providers.payments.get(refund.provider)
    if isinstance(provider, Refunds):
        return provider
    raise _not_registered(refund)


def _not_registered(refund: Refund) -> Refused:
    return Refused(
        "PROVIDER_NOT_REGISTERED",
        f"no plugin for payment provider {refund.provider} is loaded: load it and try refund {refund.id} again",
        "refundId",
    )


async def _request(refund: Refund) -> RefundRequest:
    order = await Order.get(id=refund.order_id)
    charge = await PaymentEvent.get(id=refund.charge_id)
    return RefundRequest(
        idempotency_key=str(refund.id),
        order_number=order.number,
        payment_reference=charge.external_id,
        amount=Money.from_minor(refund.amount, order.currency),
        reason=refund.reason,
    )
