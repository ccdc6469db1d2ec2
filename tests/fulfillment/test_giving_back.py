"""Work that a network has comes back by negotiation: asked for, and granted or refused."""

from dataclasses import replace

import pytest
from tests.fulfillment.partner import (
    Desk,
    ask_to_cancel,
    give_work,
    make_network_location,
    open_holds,
    reasons,
    shipped,
    state,
    stock,
    work_of,
)

from packhouse.fulfillment.commands import submit
from packhouse.fulfillment.commands.reject import RejectFulfillment, reject_fulfillment
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.commands.submit import submit_fulfillment
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import RejectionReason
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import (
    FulfillmentRequest,
    NetworkStatus,
    NetworkUpdate,
    ProviderInDoubt,
    ProviderRefused,
    ProviderUnavailable,
    Refused,
)
from packhouse.shipping.models import Shipment
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_order, make_stock
from packhouse.testing.partners import TestCooperatingNetwork, TestNetwork
from packhouse.testing.proofs import contents, contradictions, refused


async def test_a_cancelled_order_waits_until_its_network_agrees(desk: Desk, network: TestCooperatingNetwork) -> None:
    order = await give_work(desk)
    network.fails_on = {"cancel": [ProviderUnavailable("down for a moment")]}

    await ask_to_cancel(desk.database, order)
    with pytest.raises(ProviderUnavailable):
        await desk.deliver()

    assert await state(order) == ("confirmed", True, "in_progress", "cancellation_requested")
    assert await open_holds(order) == [("cancellation", "waits for test-3pl to cancel")]
    assert await stock() == (10, 2)
    async with refused(desk.database, "CANCELLATION_REQUESTED", "orderId"):
        await ask_to_cancel(desk.database, order)

    await desk.deliver()

    assert await state(order) == ("cancelled", False, "cancelled", "cancellation_accepted")
    assert await open_holds(order) == []
    assert ((await Order.get(id=order.id)).cancel_reason, (await work_of(order)).withdrawn_for) == (
        "changed their mind",
        "order_cancelled",
    )
    assert await stock() == (10, 0)
    assert await reasons(desk.database, "order_cancelled") == ["changed their mind"]
    assert await reasons(desk.database, "fulfillment_failed") == []
    assert await contradictions(desk.database) == []


@pytest.mark.parametrize("by_error", [False, True])
async def test_a_network_that_refuses_goes_on_and_people_see_it(
    desk: Desk, network: TestCooperatingNetwork, by_error: bool
) -> None:
    order = await give_work(desk)
    network.cancels, network.cancel_reason = NetworkStatus.CANCELLATION_REFUSED, "already packed"
    network.fails_on = {"cancel": [ProviderRefused("already packed")]} if by_error else {}

    await ask_to_cancel(desk.database, order)
    await desk.deliver()

    assert await state(order) == ("confirmed", False, "in_progress", "cancellation_rejected")
    note = "not cancelled (changed their mind): test-3pl goes on with it: already packed"
    assert await open_holds(order) == [("review", note)]
    assert await reasons(desk.database, "fulfillment_cancellation_rejected") == ["already packed"]
    assert await stock() == (10, 2)

    network.answers[str((await work_of(order)).id)] = await shipped(order, 2)
    await desk.poll()
    await desk.deliver()

    assert await state(order) == ("confirmed", False, "closed", "closed")
    assert (await OrderLine.get(order_id=order.id)).shipped == 2
    assert await contradictions(desk.database) == []


async def test_after_a_no_they_can_be_asked_again(desk: Desk, network: TestCooperatingNetwork) -> None:
    order = await give_work(desk)
    network.cancels = NetworkStatus.CANCELLATION_REFUSED
    await ask_to_cancel(desk.database, order)
    await desk.deliver()

    network.cancels = NetworkStatus.CANCELLED
    await ask_to_cancel(desk.database, order, "they insist")
    await desk.deliver()

    assert await state(order) == ("cancelled", False, "cancelled", "cancellation_accepted")
    assert len(set(network.keys)) == 2
    assert await open_holds(order) == []


async def test_an_answer_that_stays_open_ends_by_what_the_network_says_later(
    desk: Desk, network: TestCooperatingNetwork
) -> None:
    order = await give_work(desk)
    reference = str((await work_of(order)).id)
    network.cancels = NetworkStatus.CANCELLATION_PENDING
    await ask_to_cancel(desk.database, order)
    await desk.deliver()
    await desk.poll()
    await desk.deliver()
    assert await state(order) == ("confirmed", True, "in_progress", "cancellation_requested")

    network.answers[reference] = NetworkUpdate(NetworkStatus.CANCELLED)
    await desk.poll()
    await desk.deliver()

    assert await state(order) == ("cancelled", False, "cancelled", "cancellation_accepted")
    assert network.calls.count(("cancel", reference)) == 1
    assert await contradictions(desk.database) == []


@pytest.mark.parametrize("units", [1, 2])
async def test_parcels_that_leave_meanwhile_reject_the_cancellation(
    desk: Desk, network: TestCooperatingNetwork, units: int
) -> None:
    order = await give_work(desk)
    network.cancels = NetworkStatus.CANCELLATION_PENDING
    await ask_to_cancel(desk.database, order)
    await desk.deliver()
    update = await shipped(order, units)
    ended = replace(update, status=NetworkStatus.CANCELLED) if units == 1 else update
    network.answers[str((await work_of(order)).id)] = ended

    await desk.poll()
    await desk.deliver()

    ends = {1: ("incomplete", "cancellation_accepted"), 2: ("closed", "closed")}
    assert await state(order) == ("confirmed", False, *ends[units])
    ((reason, note),) = await open_holds(order)
    assert reason == "review"
    assert "have shipped: take them back as a return" in note
    assert await Shipment.filter(order_id=order.id, status="handed_over").count() == 1
    assert (await OrderLine.get(order_id=order.id)).shipped == units
    assert await contradictions(desk.database) == []


async def test_an_answer_that_was_lost_is_asked_for_and_the_question_is_not_repeated(
    desk: Desk, network: TestCooperatingNetwork
) -> None:
    order = await give_work(desk)
    network.fails_on_after = {"cancel": [ProviderInDoubt("the line went dead")]}
    await ask_to_cancel(desk.database, order)
    with pytest.raises(ProviderInDoubt):
        await desk.deliver()

    await desk.deliver()

    assert await state(order) == ("cancelled", False, "cancelled", "cancellation_accepted")
    assert network.calls == [("cancel", str((await work_of(order)).id))]


async def test_delivering_everything_again_changes_nothing(desk: Desk, network: TestCooperatingNetwork) -> None:
    order = await give_work(desk)
    network.cancels = NetworkStatus.CANCELLATION_PENDING
    await ask_to_cancel(desk.database, order)
    await desk.deliver()
    before = await contents(desk.database)

    await desk.deliver(again=True)

    assert await contents(desk.database) == before
    assert network.calls.count(("cancel", str((await work_of(order)).id))) == 1


async def test_a_network_that_cannot_be_asked_goes_on(database: Database) -> None:
    silent = Desk(database, TestNetwork("silent", first=NetworkUpdate(NetworkStatus.SUBMITTED)))
    order = await give_work(silent)

    await ask_to_cancel(database, order)
    await silent.deliver()

    assert await state(order) == ("confirmed", False, "open", "cancellation_rejected")
    assert (await work_of(order)).reason == "silent cannot be asked to cancel: talk to them"
    silent.network.answers[str((await work_of(order)).id)] = await shipped(order, 2)
    await silent.poll()
    assert await state(order) == ("confirmed", False, "closed", "closed")
    assert await contradictions(database) == []


@pytest.mark.parametrize("agrees", [True, False])
async def test_our_own_part_waits_for_the_networks_answer(
    desk: Desk, network: TestCooperatingNetwork, agrees: bool
) -> None:
    await make_network_location(desk.database, network)
    await make_stock(desk.database, "MUG", await make_location(desk.database, "york"), 3)
    order = await make_order(desk.database, {"MUG": 12})
    await desk.deliver()
    own = await FulfillmentOrder.get(order_id=order.id, network="")
    network.cancels = NetworkStatus.CANCELLED if agrees else NetworkStatus.CANCELLATION_REFUSED

    await ask_to_cancel(desk.database, order)
    async with refused(desk.database, "ON_HOLD"):
        await desk.database.write(BY, lambda uow: start_picking(uow, StartPicking((own.id,))))
    await desk.deliver()

    assert (await Order.get(id=order.id)).status == ("cancelled" if agrees else "confirmed")
    assert (await FulfillmentOrder.get(id=own.id)).status == ("cancelled" if agrees else "open")
    assert [reason for reason, _ in await open_holds(order)] == ([] if agrees else ["review"])
    assert await contradictions(desk.database) == []


async def test_of_two_networks_the_one_that_agreed_is_given_its_part_again(
    desk: Desk, network: TestCooperatingNetwork
) -> None:
    await make_network_location(desk.database, network)
    await make_network_location(desk.database, network, "york")
    order = await make_order(desk.database, {"MUG": 15})
    await desk.deliver()
    refusing = await FulfillmentOrder.get(order_id=order.id, location__code="london")
    network.cancels = NetworkStatus.CANCELLATION_PENDING
    await ask_to_cancel(desk.database, order)
    await desk.deliver()

    for work in await FulfillmentOrder.filter(order_id=order.id):
        says = NetworkStatus.CANCELLATION_REFUSED if work.id == refusing.id else NetworkStatus.CANCELLED
        network.answers[str(work.id)] = NetworkUpdate(says, reason="so be it")
    await desk.poll()
    await desk.deliver()

    rows = await FulfillmentOrder.filter(order_id=order.id).order_by("created_at", "id")
    assert sorted((row.status, row.request_status) for row in rows) == [
        ("cancelled", "cancellation_accepted"),
        ("in_progress", "cancellation_rejected"),
        ("open", "unsubmitted"),
    ]
    assert [reason for reason, _ in await open_holds(order)] == ["review"]
    assert (await OrderLine.get(order_id=order.id)).allocated == 15
    assert await contradictions(desk.database) == []


# --- work whose submission is not settled ---


async def test_work_that_may_have_been_submitted_is_asked_for(desk: Desk, network: TestCooperatingNetwork) -> None:
    await make_network_location(desk.database, network)
    order = await make_order(desk.database, {"MUG": 2})
    network.fails_after = [ProviderInDoubt("the line went dead")]
    with pytest.raises(ProviderInDoubt):
        await desk.deliver()
    work = await work_of(order)
    async with refused(desk.database, "GIVEN_TO_NETWORK"):
        data = RejectFulfillment(work.id, RejectionReason.OTHER)
        await desk.database.write(BY, lambda uow: reject_fulfillment(uow, data))

    await ask_to_cancel(desk.database, order)
    assert await state(order) == ("confirmed", True, "open", "cancellation_requested")
    await desk.deliver()

    assert await state(order) == ("cancelled", False, "cancelled", "cancellation_accepted")
    assert len(network.requests) == 1
    assert network.answers[str(work.id)].status is NetworkStatus.CANCELLED


async def test_an_order_that_ends_before_its_work_is_sent_is_not_sent(
    desk: Desk, network: TestCooperatingNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_network_location(desk.database, network)
    order = await make_order(desk.database, {"MUG": 2})
    build = submit.fulfillment_request

    async def cancelled_meanwhile(work: FulfillmentOrder) -> FulfillmentRequest:
        await ask_to_cancel(desk.database, order)
        return await build(work)

    monkeypatch.setattr(submit, "fulfillment_request", cancelled_meanwhile)
    work = await work_of(order)
    ended = await submit_fulfillment(desk.database, {network.code: network}, BY, work.id)

    assert (ended.status, ended.request_status) == ("cancelled", "unsubmitted")
    assert (await Order.get(id=order.id)).status == "cancelled"
    assert network.requests == []


async def test_nobody_is_asked_while_its_plugin_is_missing(desk: Desk, network: TestCooperatingNetwork) -> None:
    order = await give_work(desk)
    await ask_to_cancel(desk.database, order)
    network.code = "another"
    with pytest.raises(Refused, match="no fulfilment network 'test-3pl' is registered"):
        await desk.deliver()
    assert await state(order) == ("confirmed", True, "in_progress", "cancellation_requested")
