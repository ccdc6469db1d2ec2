"""Approving a return: the customer may send the goods."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.returns.commands.load import locked_return, move_return
from packhouse.returns.models import Return
from packhouse.returns.states import ReturnRequestStatus
from packhouse.sdk import EventType, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class ApproveReturn:
    """A requested return to approve."""

    return_id: UUID


async def approve_return(uow: UnitOfWork, data: ApproveReturn) -> Return:
    """Approve a requested return.

    Raises:
        Refused: NOT_FOUND.
        IllegalTransition: it was decided on already.
    """
    opened = await locked_return(data.return_id)
    opened.request.approved_at = now()
    await move_return(opened, ReturnRequestStatus.APPROVED)
    record(
        uow,
        EventType.RETURN_APPROVED,
        opened.request.id,
        order_id=opened.order.id,
        payload={"return_id": str(opened.request.id), "number": opened.request.number},
    )
    return opened.request
