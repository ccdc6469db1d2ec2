"""Giving back the money of a return: which lines, how much, and what became of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from packhouse.payments.commands.refund_order import RetryRefund, carry_out, refunding, retry_refund
from packhouse.payments.commands.request_refund import RefundOrder, request_refund
from packhouse.payments.models import Refund
from packhouse.payments.states import RefundStatus
from packhouse.returns.commands.load import OpenReturn, locked_return, move_money, touch
from packhouse.returns.models import ReturnLine
from packhouse.returns.rules import refund_amount
from packhouse.returns.states import ReturnMoney, ReturnRequestStatus
from packhouse.sdk import InvalidValue, Money, Providers, Refused
from packhouse.storage import Database, Initiator, UnitOfWork

_UNDERWAY = (RefundStatus.REQUESTED.value, RefundStatus.IN_DOUBT.value)
_SETTLED = (ReturnMoney.REFUNDED, ReturnMoney.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class RefundReturn:
    """Lines of a return to give money back for; without `line_ids`, all that have arrived and are not settled.

    `freight` is given back on top, at most what the order paid for it. `by_hand`, `reason` and `reference`: as for
    `RefundOrder`.
    """

    return_id: UUID
    line_ids: tuple[UUID, ...] | None = None
    freight: Money | None = None
    reason: str = ""
    reference: str = ""
    by_hand: bool = False


async def refund_return(database: Database, providers: Providers, by: Initiator, data: RefundReturn) -> Refund:
    """Give money back for received units. While a refund of this return is under way or in doubt, that one is cleared up.

    Lines are in doubt from the decision until the provider's answer: refunded if it was made, pending again if not.

    Raises:
        InvalidValue: freight of nothing or less.
        Refused: NOT_FOUND, RETURN_NOT_APPROVED, NOT_RECEIVED, NOTHING_TO_REFUND, FREIGHT_TOO_LARGE, CURRENCY_MISMATCH, and
            as `request_refund`. Nothing was changed.
        ProviderError: the provider did not do it, or it is in doubt; refund the return again to clear that up.
    """
    if data.freight is not None and data.freight.minor <= 0:
        raise InvalidValue("freight", f"{data.freight} is not an amount to give back")
    codes = refunding(providers)
    refund, is_new = await database.write(by, lambda uow: _request(uow, data, codes))
    if is_new:
        return await carry_out(database, providers, by, refund, _settle)
    return await retry_refund(database, providers, by, RetryRefund(refund.id), _settle)


async def _request(uow: UnitOfWork, data: RefundReturn, codes: Collection[str]) -> tuple[Refund, bool]:
    opened = await locked_return(data.return_id)
    underway = await Refund.filter(return_id=opened.request.id, status__in=_UNDERWAY).order_by("created_at").first()
    if underway is not None:
        return underway, False
    lines = _chosen(opened, data)
    amounts = [await _amount(opened, line) for line in lines]
    freight = await _freight(opened, data)
    total = Money.from_minor(sum(amounts) + freight, opened.order.currency)
    order = RefundOrder(
        order_id=opened.order.id,
        amount=total,
        reason=data.reason or f"return {opened.request.number}",
        reference=data.reference,
        by_hand=data.by_hand,
        return_id=opened.request.id,
    )
    refund = await request_refund(uow, order, codes)
    for line, amount in zip(lines, amounts, strict=True):
        move_money(line, ReturnMoney.IN_DOUBT)
        line.refund = amount
        line.refund_id = refund.id
        await line.save()
    return refund, True


def _chosen(opened: OpenReturn, data: RefundReturn) -> Sequence[ReturnLine]:
    if opened.status in {
        ReturnRequestStatus.REQUESTED,
        ReturnRequestStatus.DECLINED,
        ReturnRequestStatus.CANCELLED,
    }:
        raise Refused(
            "RETURN_NOT_APPROVED",
            f"return {opened.request.number} is {opened.status.value}: only an approved one is refunded",
            "returnId",
        )
    if data.line_ids is None:
        lines = [line for line in opened.lines if line.money == ReturnMoney.PENDING and _has_arrived(opened, line)]
    else:
        lines = [_named(opened, line_id, f"lineIds.{index}") for index, line_id in enumerate(data.line_ids)]
    if not lines and data.freight is None:
        raise Refused(
            "NOTHING_TO_REFUND",
            f"no line of return {opened.request.number} has arrived and waits for its money",
            "returnId",
        )
    return lines


def _named(opened: OpenReturn, line_id: UUID, path: str) -> ReturnLine:
    line = opened.line(line_id, path)
    if line.money != ReturnMoney.PENDING:
        raise Refused(
            "NOTHING_TO_REFUND", f"the money of {opened.sku(line)} is {line.money.replace('_', ' ')} already", path
        )
    if not _has_arrived(opened, line):
        raise Refused(
            "NOT_RECEIVED",
            f"{line.received} of {line.quantity} units of {opened.sku(line)} have arrived: wait for the rest, or receive the"
            " return with nothing more to come",
            path,
        )
    return line


def _has_arrived(opened: OpenReturn, line: ReturnLine) -> bool:
    """Whether all units that will ever come of a line are there: its money is settled once, for all of them."""
    is_all_in = opened.status in {ReturnRequestStatus.RECEIVED, ReturnRequestStatus.CLOSED}
    return line.received > 0 and (is_all_in or line.received == line.quantity)


async def _amount(opened: OpenReturn, line: ReturnLine) -> int:
    """Minor units for the received units of a line, after the units of the same order line that got theirs before."""
    order_line = opened.order_lines[line.order_line_id]
    earlier = await ReturnLine.filter(order_line_id=order_line.id, money__in=[state.value for state in _SETTLED])
    units = sum(other.received for other in earlier)
    return refund_amount(order_line.total, order_line.ordered, line.received, units)


async def _freight(opened: OpenReturn, data: RefundReturn) -> int:
    """Minor units of freight to give back, bounded by what is left of what the order paid for it."""
    if data.freight is None:
        return 0
    order = opened.order
    if data.freight.currency != order.currency:
        raise Refused(
            "CURRENCY_MISMATCH", f"{data.freight} is not in {order.currency}, as order {order.number} is", "freight"
        )
    left = order.shipping - await _freight_given_back(order.id)
    if data.freight.minor > left:
        most = Money.from_minor(max(0, left), order.currency)
        raise Refused(
            "FREIGHT_TOO_LARGE",
            f"{data.freight} is more than the {most} left of what order {order.number} paid for shipping",
            "freight",
        )
    return data.freight.minor


async def _freight_given_back(order_id: UUID) -> int:
    """What earlier refunds of returns gave back beyond their lines."""
    refunds = await Refund.filter(order_id=order_id, return_id__isnull=False, status__not=RefundStatus.FAILED.value)
    lines = await ReturnLine.filter(refund_id__in=[refund.id for refund in refunds])
    given_back: int = sum(refund.amount for refund in refunds) - sum(line.refund for line in lines)
    return given_back


async def _settle(uow: UnitOfWork, refund: Refund) -> None:
    """The lines of a refund follow it, in the transaction of its outcome."""
    for line in await ReturnLine.filter(refund_id=refund.id, money=ReturnMoney.IN_DOUBT.value):
        if refund.status == RefundStatus.DONE:
            move_money(line, ReturnMoney.REFUNDED)
        elif refund.status == RefundStatus.FAILED:
            move_money(line, ReturnMoney.PENDING)
            line.refund = 0
            line.refund_id = None
        await line.save()
    await touch(refund.order_id)
