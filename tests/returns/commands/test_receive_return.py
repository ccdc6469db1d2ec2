from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from packhouse.events.models import EventRow
from packhouse.returns.commands.receive_return import ReceivedUnits, ReceiveReturn, receive_return
from packhouse.returns.models import Return
from packhouse.sdk import InvalidValue, PackhouseError, Refused
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Database, Initiator

Snapshot = Callable[[], Awaitable[object]]


async def test_a_return_arrives_in_parts(desk: Any) -> None:
    request = await desk.approved()

    await desk.receive(request, {"MUG": 1})
    line = await desk.line(request, "MUG")
    assert (line.received, line.custody, (await desk.order_line("MUG")).returned) == (1, "received", 1)
    assert (await desk.line(request, "PLATE")).custody == "advised"
    kept = await Return.get(id=request.id)
    assert (kept.status, kept.received_at) == ("partially_received", None)

    await desk.receive(request, {"MUG": 1})
    assert (await Return.get(id=request.id)).status == "partially_received"
    await desk.receive(request, {"PLATE": 1})

    kept = await Return.get(id=request.id)
    assert (kept.status, kept.received_at is not None) == ("received", True)
    assert [(await desk.order_line(sku)).returned for sku in ("MUG", "PLATE")] == [2, 1]
    events = await EventRow.filter(type="return_received").order_by("recorded_at", "occurred_at")
    assert [(event.payload["is_complete"], event.payload["lines"]) for event in events] == [
        (False, [{"sku": "MUG", "quantity": 1}]),
        (False, [{"sku": "MUG", "quantity": 1}]),
        (True, [{"sku": "PLATE", "quantity": 1}]),
    ]


async def test_what_will_never_come_is_given_up(desk: Any) -> None:
    request = await desk.approved()
    await desk.receive(request, {"MUG": 1})

    await desk.receive(request, {}, nothing_more_comes=True)

    assert (await Return.get(id=request.id)).status == "received"
    mug, plate = await desk.line(request, "MUG"), await desk.line(request, "PLATE")
    assert (mug.received, mug.custody, mug.money) == (1, "received", "pending")
    assert (plate.received, plate.custody, plate.money) == (0, "not_returned", "denied")
    # what never came may be asked back again
    assert (await desk.requested(mugs=2, plates=1)).status == "requested"


async def test_what_cannot_arrive_is_refused(database: Database, by: Initiator, desk: Any, snapshot: Snapshot) -> None:
    request = await desk.approved()
    mug, plate = await desk.line(request, "MUG"), await desk.line(request, "PLATE")
    await desk.receive(request, {"PLATE": 1})
    before = await snapshot()
    cases: list[tuple[ReceiveReturn, type[PackhouseError], str, str]] = [
        (ReceiveReturn(request.id, ()), InvalidValue, "lines", ""),
        (ReceiveReturn(request.id, (ReceivedUnits(mug.id, 0),)), InvalidValue, "lines.0.quantity", ""),
        (ReceiveReturn(request.id, (ReceivedUnits(mug.id, 1),) * 2), InvalidValue, "lines.1.lineId", ""),
        (ReceiveReturn(request.id, (ReceivedUnits(mug.id, 3),)), Refused, "lines.0.quantity", "TOO_MANY_RECEIVED"),
        (ReceiveReturn(request.id, (ReceivedUnits(plate.id, 1),)), Refused, "lines.0.quantity", "TOO_MANY_RECEIVED"),
        (ReceiveReturn(request.id, (ReceivedUnits(uuid4(), 1),)), Refused, "lines.0.lineId", "NOT_FOUND"),
        (ReceiveReturn(uuid4(), (ReceivedUnits(mug.id, 1),)), Refused, "returnId", "NOT_FOUND"),
    ]
    for data, error, field, code in cases:
        with pytest.raises(error) as info:
            await database.write(by, lambda uow, data=data: receive_return(uow, data))  # type: ignore[misc]
        assert (info.value.field, getattr(info.value, "code", "")) == (field, code)  # type: ignore[attr-defined]
    assert await snapshot() == before


async def test_a_return_of_which_nothing_came_is_cancelled_instead(desk: Any, snapshot: Snapshot) -> None:
    request = await desk.approved()
    before = await snapshot()
    with pytest.raises(Refused) as refused:
        await desk.receive(request, {}, nothing_more_comes=True)
    assert (refused.value.code, await snapshot()) == ("NOTHING_RECEIVED", before)


async def test_only_an_approved_return_is_received_and_only_once(desk: Any, snapshot: Snapshot) -> None:
    requested = await desk.requested(mugs=1)
    before = await snapshot()
    with pytest.raises(IllegalTransition):
        await desk.receive(requested, {"MUG": 1})
    assert await snapshot() == before

    received = await desk.received(mugs=1, plates=0)
    before = await snapshot()
    with pytest.raises(IllegalTransition):
        await desk.receive(received, {}, nothing_more_comes=True)
    assert await snapshot() == before
