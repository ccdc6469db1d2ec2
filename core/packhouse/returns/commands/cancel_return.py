"""Calling a return off while nothing has come back: the customer keeps the goods."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.returns.commands.load import give_up_lines, locked_return, move_return
from packhouse.returns.models import Return
from packhouse.returns.states import ReturnRequestStatus
from packhouse.sdk import EventType, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class CancelReturn:
    """A return to call off."""

    return_id: UUID
    reason: str = ""


async def cancel_return(uow: UnitOfWork, data: CancelReturn) -> Return:
    """Cancel a return of which nothing has arrived; its units may be asked back again.

    Raises:
        Refused: NOT_FOUND.
        IllegalTransition: units have arrived, or it has ended.
    """
    opened = await locked_return(data.return_id)
    opened.request.closed_at = now()
    await move_return(opened, ReturnRequestStatus.CANCELLED)
    await give_up_lines(opened.lines)
    record(
        uow,
        EventType.RETURN_CANCELLED,
        opened.request.id,
        order_id=opened.order.id,
        reason=data.reason,
        payload={"return_id": str(opened.request.id), "number": opened.request.number},
    )
    return opened.request
