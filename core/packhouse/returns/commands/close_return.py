"""Closing a return: only when every unit and all money has found its end."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.returns.commands.load import OpenReturn, decided_units, locked_return, move_return
from packhouse.returns.models import Return
from packhouse.returns.states import RETURN_STATUS, ReturnMoney, ReturnRequestStatus
from packhouse.sdk import EventType, Refused, now
from packhouse.storage import UnitOfWork

_UNSETTLED = (ReturnMoney.PENDING, ReturnMoney.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class CloseReturn:
    """A received return to close."""

    return_id: UUID


async def close_return(uow: UnitOfWork, data: CloseReturn) -> Return:
    """Close a received return whose units all have a disposition and whose money is settled.

    Raises:
        Refused: NOT_FOUND, NOT_INSPECTED, MONEY_NOT_SETTLED.
        IllegalTransition: it has not been received, or has ended.
    """
    opened = await locked_return(data.return_id)
    RETURN_STATUS.check(opened.status, ReturnRequestStatus.CLOSED)
    await _check_units(opened)
    _check_money(opened)
    opened.request.closed_at = now()
    await move_return(opened, ReturnRequestStatus.CLOSED)
    record(
        uow,
        EventType.RETURN_CLOSED,
        opened.request.id,
        order_id=opened.order.id,
        payload={
            "return_id": str(opened.request.id),
            "number": opened.request.number,
            "refunded": sum(line.refund for line in opened.lines),
            "currency": opened.order.currency,
        },
    )
    return opened.request


async def _check_units(opened: OpenReturn) -> None:
    decided = await decided_units(opened.lines)
    for line in opened.lines:
        if left := line.received - decided[line.id]:
            raise Refused(
                "NOT_INSPECTED",
                f"{left} units of {opened.sku(line)} of return {opened.request.number} wait for a decision: inspect them",
                "returnId",
            )


def _check_money(opened: OpenReturn) -> None:
    for line in opened.lines:
        if line.money in _UNSETTLED:
            raise Refused(
                "MONEY_NOT_SETTLED",
                f"the money of {opened.sku(line)} of return {opened.request.number} is {line.money.replace('_', ' ')}: refund"
                " it, or deny it with a reason",
                "returnId",
            )
