"""Taking in what came back, in as many parts as it comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import F

from packhouse.events.record import record
from packhouse.orders.models import OrderLine
from packhouse.returns.commands.load import (
    OpenReturn,
    decided_units,
    follow_goods,
    locked_return,
    move_money,
    move_return,
    touch,
)
from packhouse.returns.models import Return
from packhouse.returns.states import RETURN_STATUS, ReturnMoney, ReturnRequestStatus
from packhouse.sdk import EventType, InvalidValue, Refused, new_id, now
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class ReceivedUnits:
    """Units of a return line that arrived."""

    line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class ReceiveReturn:
    """What arrived. `nothing_more_comes`: whatever is missing now will not come, and no money goes back for it."""

    return_id: UUID
    lines: tuple[ReceivedUnits, ...]
    nothing_more_comes: bool = False


async def receive_return(uow: UnitOfWork, data: ReceiveReturn) -> Return:
    """Count units of an approved return as arrived; with the last ones it is received.

    Raises:
        InvalidValue: nothing arrived, a line twice, or a quantity that is none.
        Refused: NOT_FOUND, TOO_MANY_RECEIVED, NOTHING_RECEIVED (cancel the return instead).
        IllegalTransition: the return is not approved, or all of it has arrived.
    """
    arrived = _arrived(data)
    opened = await locked_return(data.return_id)
    _count_in(opened, data)
    is_all_in = data.nothing_more_comes or all(line.received == line.quantity for line in opened.lines)
    to = ReturnRequestStatus.RECEIVED if is_all_in else ReturnRequestStatus.PARTIALLY_RECEIVED
    if opened.status is not to or is_all_in:
        RETURN_STATUS.check(opened.status, to)
    if not any(line.received for line in opened.lines):
        raise Refused(
            "NOTHING_RECEIVED", f"nothing of return {opened.request.number} has arrived: cancel it instead", "lines"
        )
    await _write_lines(opened, nothing_more_comes=data.nothing_more_comes)
    await _count_returned(opened, arrived)
    if opened.status is not to:
        opened.request.received_at = now() if is_all_in else None
        await move_return(opened, to)
    await touch(opened.order.id)
    record(
        uow,
        EventType.RETURN_RECEIVED,
        opened.request.id,
        new_id(),
        order_id=opened.order.id,
        payload={
            "return_id": str(opened.request.id),
            "number": opened.request.number,
            "is_complete": is_all_in,
            "lines": [
                {"sku": opened.sku(line), "quantity": arrived[line.id]} for line in opened.lines if line.id in arrived
            ],
        },
    )
    return opened.request


def _arrived(data: ReceiveReturn) -> dict[UUID, int]:
    if not data.lines and not data.nothing_more_comes:
        raise InvalidValue("lines", "name what arrived")
    arrived: dict[UUID, int] = {}
    for index, line in enumerate(data.lines):
        if line.quantity < 1:
            raise InvalidValue(f"lines.{index}.quantity", f"{line.quantity} is not a number of units")
        if line.line_id in arrived:
            raise InvalidValue(f"lines.{index}.lineId", f"return line {line.line_id} is named more than once")
        arrived[line.line_id] = line.quantity
    return arrived


def _count_in(opened: OpenReturn, data: ReceiveReturn) -> None:
    for index, part in enumerate(data.lines):
        line = opened.line(part.line_id, f"lines.{index}.lineId")
        missing = line.quantity - line.received
        if part.quantity > missing:
            raise Refused(
                "TOO_MANY_RECEIVED",
                f"{missing} units of {opened.sku(line)} are still to come with return {opened.request.number}, not"
                f" {part.quantity}: open another return for the rest",
                f"lines.{index}.quantity",
            )
        line.received += part.quantity


async def _write_lines(opened: OpenReturn, *, nothing_more_comes: bool) -> None:
    decided = await decided_units(opened.lines)
    for line in opened.lines:
        follow_goods(line, decided[line.id], nothing_more_comes=nothing_more_comes)
        if nothing_more_comes and not line.received and line.money == ReturnMoney.PENDING:
            move_money(line, ReturnMoney.DENIED)
        await line.save()


async def _count_returned(opened: OpenReturn, arrived: Mapping[UUID, int]) -> None:
    for line in sorted(opened.lines, key=lambda line: line.order_line_id):
        if line.id in arrived:
            await OrderLine.filter(id=line.order_line_id).update(returned=F("returned") + arrived[line.id])
