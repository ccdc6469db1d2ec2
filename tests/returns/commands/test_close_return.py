from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from packhouse.events.models import EventRow
from packhouse.inventory.models import StockLevel
from packhouse.orders.models import OrderLine
from packhouse.returns.commands.close_return import CloseReturn, close_return
from packhouse.returns.commands.refund_return import RefundReturn, refund_return
from packhouse.returns.models import Return
from packhouse.returns.states import Disposition
from packhouse.sdk import ProviderInDoubt, Refused
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Database, Initiator
from packhouse.testing.payments import FakeBank

Snapshot = Callable[[], Awaitable[object]]


async def test_a_return_from_the_request_to_its_end(
    database: Database, by: Initiator, desk: Any, bank: FakeBank
) -> None:
    request = await desk.approved(mugs=2, plates=1)
    await desk.receive(request, {"MUG": 2})
    await desk.inspect(request, "MUG", 1, Disposition.RESTOCK)
    await desk.receive(request, {"PLATE": 1})
    await desk.inspect(request, "MUG", 1, Disposition.SCRAP)
    await desk.inspect(request, "PLATE", 1, Disposition.QUARANTINE)
    await refund_return(database, bank.providers, by, RefundReturn(request.id))

    await database.write(by, lambda uow: close_return(uow, CloseReturn(request.id)))

    kept = await Return.get(id=request.id)
    assert (kept.status, kept.closed_at is not None) == ("closed", True)
    lines = [await desk.line(request, sku) for sku in ("MUG", "PLATE")]
    assert [(line.custody, line.money, line.refund) for line in lines] == [
        ("disposed", "refunded", 2000),
        ("disposed", "refunded", 1000),
    ]
    levels = {level.variant_id: (level.on_hand, level.quarantined) for level in await StockLevel.all()}
    skus = {line.variant_id: line.sku for line in await OrderLine.all()}
    assert {skus[variant_id]: held for variant_id, held in levels.items()} == {"MUG": (8, 0), "PLATE": (10, 1)}
    events = await EventRow.filter(order_id=desk.order.id, type__startswith="return_").order_by("occurred_at")
    assert [event.type for event in events] == [
        "return_requested",
        "return_approved",
        "return_received",
        "return_inspected",
        "return_received",
        "return_inspected",
        "return_inspected",
        "return_closed",
    ]
    assert events[-1].payload == {
        "return_id": str(request.id),
        "number": request.number,
        "refunded": 3000,
        "currency": "GBP",
    }


async def test_every_unit_needs_a_decision_and_all_money_an_end(
    database: Database, by: Initiator, desk: Any, bank: FakeBank, snapshot: Snapshot
) -> None:
    async def refused(code: str) -> None:
        before = await snapshot()
        with pytest.raises(Refused) as info:
            await database.write(by, lambda uow: close_return(uow, CloseReturn(request.id)))
        assert (info.value.code, info.value.field) == (code, "returnId")
        assert await snapshot() == before

    request = await desk.received(mugs=2, plates=0)
    await refused("NOT_INSPECTED")
    await desk.inspect(request, "MUG", 1)
    await refused("NOT_INSPECTED")
    await desk.inspect(request, "MUG", 1, Disposition.SEND_BACK)
    await refused("MONEY_NOT_SETTLED")
    bank.error = ProviderInDoubt("no answer")
    with pytest.raises(ProviderInDoubt):
        await refund_return(database, bank.providers, by, RefundReturn(request.id))
    await refused("MONEY_NOT_SETTLED")

    bank.error = None
    await refund_return(database, bank.providers, by, RefundReturn(request.id))
    await database.write(by, lambda uow: close_return(uow, CloseReturn(request.id)))
    assert (await Return.get(id=request.id)).status == "closed"


async def test_only_a_received_return_is_closed(
    database: Database, by: Initiator, desk: Any, snapshot: Snapshot
) -> None:
    request = await desk.approved()
    before = await snapshot()
    with pytest.raises(IllegalTransition):
        await database.write(by, lambda uow: close_return(uow, CloseReturn(request.id)))
    with pytest.raises(Refused) as refused:
        await database.write(by, lambda uow: close_return(uow, CloseReturn(uuid4())))
    assert (refused.value.code, await snapshot()) == ("NOT_FOUND", before)
