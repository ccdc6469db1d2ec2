"""Declining a return, with the reason that the customer is told."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.returns.commands.load import give_up_lines, locked_return, move_return, reason_given
from packhouse.returns.models import Return
from packhouse.returns.states import ReturnRequestStatus
from packhouse.sdk import EventType, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class DeclineReturn:
    """A requested return to decline, and why."""

    return_id: UUID
    reason: str


async def decline_return(uow: UnitOfWork, data: DeclineReturn) -> Return:
    """Decline a requested return: nothing comes back, and no money goes back.

    Raises:
        InvalidValue: no reason.
        Refused: NOT_FOUND.
        IllegalTransition: it was decided on already.
    """
    reason = reason_given(data.reason)
    opened = await locked_return(data.return_id)
    opened.request.decline_reason = reason
    opened.request.closed_at = now()
    await move_return(opened, ReturnRequestStatus.DECLINED)
    await give_up_lines(opened.lines)
    record(
        uow,
        EventType.RETURN_DECLINED,
        opened.request.id,
        order_id=opened.order.id,
        reason=reason,
        payload={"return_id": str(opened.request.id), "number": opened.request.number},
    )
    return opened.request
