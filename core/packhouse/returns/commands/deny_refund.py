"""Deciding that no money goes back for lines of a return: worn, broken by the customer, sent back to them."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.record import record
from packhouse.returns.commands.load import locked_return, move_money, reason_given, touch
from packhouse.returns.models import Return
from packhouse.returns.states import ReturnMoney
from packhouse.sdk import EventType, InvalidValue, new_id
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class DenyRefund:
    """Lines of a return for which no money goes back, and why."""

    return_id: UUID
    line_ids: tuple[UUID, ...]
    reason: str


async def deny_refund(uow: UnitOfWork, data: DenyRefund) -> Return:
    """Deny the money of lines whose money is still pending.

    Raises:
        InvalidValue: no reason, or no lines.
        Refused: NOT_FOUND.
        IllegalTransition: the money of a line was decided on already.
    """
    reason = reason_given(data.reason)
    if not data.line_ids:
        raise InvalidValue("lineIds", "name the lines")
    opened = await locked_return(data.return_id)
    lines = [opened.line(line_id, f"lineIds.{index}") for index, line_id in enumerate(data.line_ids)]
    for line in lines:
        move_money(line, ReturnMoney.DENIED)
        await line.save()
    await touch(opened.order.id)
    record(
        uow,
        EventType.REFUND_DENIED,
        opened.request.id,
        new_id(),
        order_id=opened.order.id,
        reason=reason,
        payload={
            "return_id": str(opened.request.id),
            "number": opened.request.number,
            "skus": [opened.sku(line) for line in lines],
        },
    )
    return opened.request
