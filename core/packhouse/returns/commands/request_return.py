"""Asking to send something back: which units may, until when, and under which number."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import choice
from uuid import UUID

from packhouse.events.record import record
from packhouse.orders.models import Order, OrderLine
from packhouse.returns.commands.load import touch
from packhouse.returns.models import Return, ReturnLine
from packhouse.returns.rules import returnable
from packhouse.returns.states import RETURN_STATUS, ReturnCustody, ReturnMoney, ReturnReason, ReturnRequestStatus
from packhouse.sdk import EventType, InvalidValue, Refused, now
from packhouse.settings.sections import ReturnsSettings
from packhouse.shipping.models import ShipmentLine
from packhouse.storage import UnitOfWork

# Crockford's base 32: no letter that is mistaken for another or for a digit.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_LENGTH = 8
_ENDED = frozenset(state for state in ReturnRequestStatus if RETURN_STATUS.is_final(state))


@dataclass(frozen=True, slots=True)
class LineToReturn:
    """Units of an order line that shall come back, and why."""

    order_line_id: UUID
    quantity: int
    reason: ReturnReason


@dataclass(frozen=True, slots=True)
class RequestReturn:
    """Units to send back; `override_reason` says why the return is taken although its window has closed."""

    order_id: UUID
    lines: tuple[LineToReturn, ...]
    note: str = ""
    override_reason: str = ""


async def request_return(uow: UnitOfWork, data: RequestReturn, policy: ReturnsSettings) -> Return:
    """Open a return for shipped units that are in no other return.

    Raises:
        InvalidValue: no lines, a line twice, or a quantity that is none.
        Refused: NOT_FOUND, NOT_RETURNABLE (with how many units are), RETURN_WINDOW_CLOSED.
    """
    _check(data)
    order = await Order.filter(id=data.order_id).select_for_update().first()
    if order is None:
        raise Refused("NOT_FOUND", f"there is no order {data.order_id}", "orderId")
    order_lines = {line.id: line for line in await OrderLine.filter(order_id=order.id)}
    returning = await _returning(order.id)
    for index, line in enumerate(data.lines):
        _check_returnable(order, line, order_lines, returning, f"lines.{index}")
    if not data.override_reason.strip():
        await _check_window(order, data, order_lines, policy)
    request = await Return.create(
        order_id=order.id,
        number=await _new_number(),
        status=ReturnRequestStatus.REQUESTED.value,
        note=data.note,
        requested_at=now(),
    )
    for line in data.lines:
        await ReturnLine.create(
            return_request_id=request.id,
            order_line_id=line.order_line_id,
            quantity=line.quantity,
            reason=line.reason.value,
            custody=ReturnCustody.ADVISED.value,
            money=_money_of(order_lines[line.order_line_id]).value,
        )
    await touch(order.id)
    record(
        uow,
        EventType.RETURN_REQUESTED,
        request.id,
        order_id=order.id,
        reason=data.override_reason,
        payload={
            "return_id": str(request.id),
            "number": request.number,
            "lines": [
                {
                    "sku": order_lines[line.order_line_id].sku,
                    "quantity": line.quantity,
                    "reason": line.reason.value,
                }
                for line in data.lines
            ],
        },
    )
    return request


def _check(data: RequestReturn) -> None:
    if not data.lines:
        raise InvalidValue("lines", "name at least one line that shall come back")
    counts = Counter(line.order_line_id for line in data.lines)
    for index, line in enumerate(data.lines):
        if line.quantity < 1:
            raise InvalidValue(f"lines.{index}.quantity", f"{line.quantity} is not a number of units")
        if counts[line.order_line_id] > 1:
            raise InvalidValue(f"lines.{index}.orderLineId", f"order line {line.order_line_id} is named more than once")
    if len(data.note) > 500:  # noqa: PLR2004  (the column's width)
        raise InvalidValue("note", "longer than 500 characters")


async def _returning(order_id: UUID) -> Mapping[UUID, int]:
    """Units of each order line that are in open returns and have not arrived."""
    units: Counter[UUID] = Counter()
    open_returns = await Return.filter(
        order_id=order_id, status__not_in=_values(_ENDED | {ReturnRequestStatus.RECEIVED})
    )
    for line in await ReturnLine.filter(return_request_id__in=[request.id for request in open_returns]):
        units[line.order_line_id] += line.quantity - line.received
    return units


def _check_returnable(
    order: Order,
    line: LineToReturn,
    order_lines: Mapping[UUID, OrderLine],
    returning: Mapping[UUID, int],
    path: str,
) -> None:
    found = order_lines.get(line.order_line_id)
    if found is None:
        raise Refused("NOT_FOUND", f"order {order.number} has no line {line.order_line_id}", f"{path}.orderLineId")
    left = returnable(found.shipped, found.delivered, found.returned, returning.get(found.id, 0))
    if line.quantity > left:
        raise Refused(
            "NOT_RETURNABLE",
            f"{line.quantity} units of {found.sku} cannot come back: {left} of order {order.number} were shipped and are in"
            " no return",
            f"{path}.quantity",
        )


async def _check_window(
    order: Order, data: RequestReturn, order_lines: Mapping[UUID, OrderLine], policy: ReturnsSettings
) -> None:
    arrivals = await _arrivals([line.order_line_id for line in data.lines])
    for index, line in enumerate(data.lines):
        found = order_lines[line.order_line_id]
        arrived = arrivals.get(found.id) or (order.completed_at if found.delivered else None)
        if arrived is None or now() <= arrived + timedelta(days=policy.window_days):
            continue
        raise Refused(
            "RETURN_WINDOW_CLOSED",
            f"{found.sku} of order {order.number} was delivered on {arrived.date()}, more than {policy.window_days} days ago:"
            " give a reason to take it back all the same",
            f"lines.{index}",
        )


async def _arrivals(order_line_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When the last delivered parcel with units of each line arrived; lines with none are left out."""
    arrivals: dict[UUID, datetime] = {}
    rows = ShipmentLine.filter(order_line_id__in=list(order_line_ids), shipment__delivered_at__isnull=False)
    for line_id, delivered_at in await rows.values_list("order_line_id", "shipment__delivered_at"):
        arrivals[line_id] = max(delivered_at, arrivals.get(line_id, delivered_at))
    return arrivals


def _money_of(line: OrderLine) -> ReturnMoney:
    return ReturnMoney.PENDING if line.total else ReturnMoney.NOT_REFUNDABLE


async def _new_number() -> str:
    """A number that people can read out, and that nobody can guess from another."""
    while True:
        number = "R-" + "".join(choice(_ALPHABET) for _ in range(_NUMBER_LENGTH))
        if not await Return.exists(number=number):
            return number


def _values(states: Iterable[ReturnRequestStatus]) -> list[str]:
    return sorted(state.value for state in states)
