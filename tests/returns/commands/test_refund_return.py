import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from packhouse.events.models import EventRow
from packhouse.orders.models import Order, OrderLine
from packhouse.payments.commands.refund_order import RetryRefund, retry_refund
from packhouse.payments.models import PaymentEvent, Refund
from packhouse.returns.commands.deny_refund import DenyRefund, deny_refund
from packhouse.returns.commands.refund_return import RefundReturn, refund_return
from packhouse.sdk import InvalidValue, Money, ProviderInDoubt, ProviderRefused, Providers, Refused
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Database, Initiator
from packhouse.testing.payments import FakeBank, make_charge

Snapshot = Callable[[], Awaitable[object]]


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


async def test_all_that_arrived_is_refunded(database: Database, by: Initiator, desk: Any, bank: FakeBank) -> None:
    request = await desk.received(mugs=2, plates=1)

    refund = await refund_return(database, bank.providers, by, RefundReturn(request.id))

    assert (refund.status, refund.amount, refund.return_id) == ("done", 3000, request.id)
    assert refund.reason == f"return {request.number}"
    lines = [await desk.line(request, sku) for sku in ("MUG", "PLATE")]
    assert [(line.money, line.refund, line.refund_id) for line in lines] == [
        ("refunded", 2000, refund.id),
        ("refunded", 1000, refund.id),
    ]
    assert (await EventRow.get(type="refund_made")).payload["return_id"] == str(request.id)


async def test_unit_by_unit_the_line_total_goes_back_exactly(
    database: Database, by: Initiator, desk: Any, bank: FakeBank
) -> None:
    await OrderLine.filter(sku="MUG").update(total=1000)
    amounts = []
    for _ in range(3):
        request = await desk.received(mugs=1, plates=0)
        amounts.append((await refund_return(database, bank.providers, by, RefundReturn(request.id))).amount)

    assert amounts == [334, 333, 333]


async def test_lines_are_refunded_one_by_one_with_freight_once(
    database: Database, by: Initiator, desk: Any, bank: FakeBank, snapshot: Snapshot
) -> None:
    await Order.filter(id=desk.order.id).update(shipping=499)
    await make_charge(database, desk.order, "4.99", external_id="pay-2")
    request = await desk.received()
    mug, plate = await desk.line(request, "MUG"), await desk.line(request, "PLATE")

    first = await refund_return(database, bank.providers, by, RefundReturn(request.id, (mug.id,), gbp("3.00")))
    assert (first.amount, (await desk.line(request, "PLATE")).money) == (2300, "pending")
    before = await snapshot()
    with pytest.raises(Refused) as refused:
        await refund_return(database, bank.providers, by, RefundReturn(request.id, (plate.id,), gbp("2.00")))
    assert (refused.value.code, refused.value.field) == ("FREIGHT_TOO_LARGE", "freight")
    assert "1.99 GBP" in refused.value.message
    assert await snapshot() == before

    second = await refund_return(database, bank.providers, by, RefundReturn(request.id, None, gbp("1.99")))
    assert second.amount == 1199


async def test_parallel_refunds_of_a_return_pay_once(
    database: Database, by: Initiator, desk: Any, bank: FakeBank
) -> None:
    request = await desk.received()

    answers = await asyncio.gather(
        *(refund_return(database, bank.providers, by, RefundReturn(request.id)) for _ in range(20)),
        return_exceptions=True,
    )

    assert [answer.status for answer in answers if isinstance(answer, Refund)] == ["done"]
    codes = {answer.code for answer in answers if isinstance(answer, Refused)}
    assert codes <= {"IN_PROGRESS", "ALREADY_DONE", "ALREADY_REFUNDED", "NOTHING_TO_REFUND"}
    assert (len(bank.made), [row.amount for row in await Refund.all()]) == (1, [3000])


async def test_a_refused_refund_leaves_the_money_pending(
    database: Database, by: Initiator, desk: Any, bank: FakeBank
) -> None:
    request = await desk.received(mugs=2, plates=0)
    bank.error = ProviderRefused("card closed")
    with pytest.raises(ProviderRefused):
        await refund_return(database, bank.providers, by, RefundReturn(request.id))
    line = await desk.line(request, "MUG")
    assert (line.money, line.refund, line.refund_id) == ("pending", 0, None)

    by_hand = RefundReturn(request.id, reason="bank transfer", reference="B-1", by_hand=True)
    refund = await refund_return(database, bank.providers, by, by_hand)

    assert (refund.status, refund.provider, refund.reference) == ("done", "", "B-1")
    assert (await desk.line(request, "MUG")).money == "refunded"


async def test_a_doubt_is_cleared_up_by_refunding_again(
    database: Database, by: Initiator, desk: Any, bank: FakeBank
) -> None:
    request = await desk.received(mugs=2, plates=0)
    bank.error, bank.makes_it_first = ProviderInDoubt("no answer"), True
    with pytest.raises(ProviderInDoubt):
        await refund_return(database, bank.providers, by, RefundReturn(request.id))
    doubtful = await Refund.get(return_id=request.id)
    line = await desk.line(request, "MUG")
    assert (line.money, line.refund, line.refund_id) == ("in_doubt", 2000, doubtful.id)
    with pytest.raises(Refused) as refused:
        await retry_refund(database, bank.providers, by, RetryRefund(doubtful.id))
    assert (refused.value.code, refused.value.field) == ("REFUND_OF_RETURN", "refundId")

    bank.error = None
    cleared = await refund_return(database, bank.providers, by, RefundReturn(request.id))

    assert (cleared.id, cleared.status, len(bank.asked)) == (doubtful.id, "done", 1)
    assert (await desk.line(request, "MUG")).money == "refunded"


async def test_money_waits_for_the_goods(
    database: Database, by: Initiator, desk: Any, bank: FakeBank, snapshot: Snapshot
) -> None:
    requested = await desk.requested(mugs=1, plates=0)
    part = await desk.approved(mugs=2, plates=1)
    await desk.receive(part, {"MUG": 1})
    mug = await desk.line(part, "MUG")
    before = await snapshot()
    cases = [
        (RefundReturn(requested.id), "RETURN_NOT_APPROVED", "returnId"),
        (RefundReturn(part.id), "NOTHING_TO_REFUND", "returnId"),
        (RefundReturn(part.id, (mug.id,)), "NOT_RECEIVED", "lineIds.0"),
        (RefundReturn(part.id, (uuid4(),)), "NOT_FOUND", "lineIds.0"),
        (RefundReturn(uuid4()), "NOT_FOUND", "returnId"),
    ]
    for data, code, field in cases:
        with pytest.raises(Refused) as refused:
            await refund_return(database, bank.providers, by, data)
        assert (refused.value.code, refused.value.field) == (code, field)
    with pytest.raises(InvalidValue) as invalid:
        await refund_return(database, bank.providers, by, RefundReturn(part.id, freight=gbp("0.00")))
    assert invalid.value.field == "freight"
    assert (await snapshot(), bank.asked) == (before, [])


async def test_only_the_units_that_came_are_paid(database: Database, by: Initiator, desk: Any, bank: FakeBank) -> None:
    request = await desk.approved(mugs=3, plates=1)
    await desk.receive(request, {"MUG": 2}, nothing_more_comes=True)

    refund = await refund_return(database, bank.providers, by, RefundReturn(request.id))

    assert refund.amount == 2000


async def test_never_more_than_was_paid(
    database: Database, by: Initiator, desk: Any, bank: FakeBank, snapshot: Snapshot
) -> None:
    request = await desk.received()
    await PaymentEvent.filter(order_id=desk.order.id).update(amount=2999)
    before = await snapshot()
    with pytest.raises(Refused) as refused:
        await refund_return(database, bank.providers, by, RefundReturn(request.id))
    assert (refused.value.code, await snapshot()) == ("REFUND_TOO_LARGE", before)


async def test_money_can_be_denied_with_a_reason(
    database: Database, by: Initiator, desk: Any, bank: FakeBank, snapshot: Snapshot
) -> None:
    request = await desk.received()
    mug, plate = await desk.line(request, "MUG"), await desk.line(request, "PLATE")

    data = DenyRefund(request.id, (mug.id,), "washed too hot")
    await database.write(by, lambda uow: deny_refund(uow, data))

    assert [(await desk.line(request, sku)).money for sku in ("MUG", "PLATE")] == ["denied", "pending"]
    event = await EventRow.get(type="refund_denied")
    assert (event.reason, event.payload["skus"]) == ("washed too hot", ["MUG"])
    refund = await refund_return(database, bank.providers, by, RefundReturn(request.id))
    assert refund.amount == 1000

    before = await snapshot()
    with pytest.raises(IllegalTransition):
        await database.write(by, lambda uow: deny_refund(uow, DenyRefund(request.id, (plate.id,), "late")))
    for data, field in (
        (DenyRefund(request.id, (mug.id,), " "), "reason"),
        (DenyRefund(request.id, (), "late"), "lineIds"),
    ):
        with pytest.raises(InvalidValue) as invalid:
            await database.write(by, lambda uow, data=data: deny_refund(uow, data))  # type: ignore[misc]
        assert invalid.value.field == field
    assert await snapshot() == before


async def test_without_a_provider_a_return_is_refunded_by_hand(database: Database, by: Initiator, desk: Any) -> None:
    await PaymentEvent.filter(order_id=desk.order.id).update(provider="")
    request = await desk.received(mugs=1, plates=0)

    refund = await refund_return(database, Providers(), by, RefundReturn(request.id))

    assert (refund.status, refund.amount, refund.provider) == ("done", 1000, "")
    assert (await desk.line(request, "MUG")).money == "refunded"
