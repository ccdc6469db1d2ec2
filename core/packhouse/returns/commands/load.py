"""Loading a return to change it: the order is locked first, as everywhere, and everything is read under that lock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from packhouse.orders.models import Order, OrderLine
from packhouse.returns.models import Return, ReturnInspection, ReturnLine
from packhouse.returns.states import (
    RETURN_LINE_CUSTODY,
    RETURN_LINE_MONEY,
    RETURN_STATUS,
    ReturnCustody,
    ReturnMoney,
    ReturnRequestStatus,
)
from packhouse.sdk import InvalidValue, Refused, now

_ARRIVED = (ReturnCustody.RECEIVED, ReturnCustody.INSPECTED)


@dataclass(frozen=True, slots=True)
class OpenReturn:
    """A return with its order, its lines in the order's sequence, and the order's lines by id."""

    request: Return
    order: Order
    lines: tuple[ReturnLine, ...]
    order_lines: Mapping[UUID, OrderLine]

    @property
    def status(self) -> ReturnRequestStatus:
        """How far the return has come."""
        return ReturnRequestStatus(self.request.status)

    def line(self, line_id: UUID, field: str) -> ReturnLine:
        """The line with this id.

        Raises:
            Refused: NOT_FOUND.
        """
        for line in self.lines:
            if line.id == line_id:
                return line
        raise Refused("NOT_FOUND", f"return {self.request.number} has no line {line_id}", field)

    def sku(self, line: ReturnLine) -> str:
        """What a line is about."""
        return self.order_lines[line.order_line_id].sku


async def locked_return(return_id: UUID, field: str = "returnId") -> OpenReturn:
    """The return, locked by its order until the end of the transaction.

    Raises:
        Refused: NOT_FOUND.
    """
    found = await Return.get_or_none(id=return_id)
    if found is None:
        raise Refused("NOT_FOUND", f"there is no return {return_id}", field)
    order = await Order.filter(id=found.order_id).select_for_update().get()
    request = await Return.get(id=return_id)
    lines = await ReturnLine.filter(return_request_id=request.id)
    order_lines = {line.id: line for line in await OrderLine.filter(order_id=order.id)}
    lines.sort(key=lambda line: (order_lines[line.order_line_id].position, line.id))
    return OpenReturn(request, order, tuple(lines), order_lines)


async def move_return(opened: OpenReturn, to: ReturnRequestStatus) -> None:
    """Put a return into another state; the caller has set the fields that go with it.

    Raises:
        IllegalTransition: it cannot go there.
    """
    RETURN_STATUS.check(opened.status, to)
    opened.request.status = to.value
    await opened.request.save()
    await touch(opened.order.id)


async def touch(order_id: UUID) -> None:
    """Something about the order has changed."""
    await Order.filter(id=order_id).update(updated_at=now())


def move_custody(line: ReturnLine, to: ReturnCustody) -> None:
    """The goods of a line are somewhere else now; staying where they are is no move."""
    if line.custody != to:
        RETURN_LINE_CUSTODY.check(ReturnCustody(line.custody), to)
        line.custody = to.value


def move_money(line: ReturnLine, to: ReturnMoney) -> None:
    """The money of a line is somewhere else now."""
    RETURN_LINE_MONEY.check(ReturnMoney(line.money), to)
    line.money = to.value


async def decided_units(lines: Iterable[ReturnLine]) -> dict[UUID, int]:
    """How many units of each line have a disposition."""
    decided = {line.id: 0 for line in lines}
    for inspection in await ReturnInspection.filter(return_line_id__in=list(decided)):
        decided[inspection.return_line_id] += inspection.quantity
    return decided


def follow_goods(line: ReturnLine, decided: int, *, nothing_more_comes: bool) -> None:
    """Where the goods of a line are, after units of it arrived or were decided on."""
    if not line.received:
        if nothing_more_comes:
            move_custody(line, ReturnCustody.NOT_RETURNED)
        return
    if line.custody not in (*_ARRIVED, ReturnCustody.DISPOSED):
        move_custody(line, ReturnCustody.RECEIVED)
    if decided and line.custody == ReturnCustody.RECEIVED:
        move_custody(line, ReturnCustody.INSPECTED)
    if decided == line.received and (nothing_more_comes or line.received == line.quantity):
        move_custody(line, ReturnCustody.DISPOSED)


async def give_up_lines(lines: Iterable[ReturnLine]) -> None:
    """Nothing of these lines will come back, and no money goes back for them."""
    for line in lines:
        move_custody(line, ReturnCustody.NOT_RETURNED)
        if line.money == ReturnMoney.PENDING:
            move_money(line, ReturnMoney.DENIED)
        await line.save()


def reason_given(reason: str, field: str = "reason") -> str:
    """The reason, without blanks around it.

    Raises:
        InvalidValue: there is none, or it is longer than 255 characters.
    """
    text = reason.strip()
    if not text:
        raise InvalidValue(field, "say why")
    if len(text) > 255:  # noqa: PLR2004  (the width of the columns that keep reasons)
        raise InvalidValue(field, "longer than 255 characters")
    return text
