"""A network that does not say yes in time is asked to give the work back, and the order goes elsewhere."""

from datetime import timedelta

import pytest
from tests.fulfillment.partner import (
    Desk,
    give_work,
    make_network_location,
    open_holds,
    reasons,
    shipped,
    state,
    work_of,
)

from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.inventory.models import Location
from packhouse.sdk import NetworkStatus, NetworkUpdate, now
from packhouse.shipping.jobs import Polled, poll_networks
from packhouse.storage import Database
from packhouse.testing.factories import BY
from packhouse.testing.partners import TestCooperatingNetwork, TestNetwork
from packhouse.testing.proofs import contradictions


@pytest.fixture
def network() -> TestCooperatingNetwork:
    """A network that takes its time."""
    return TestCooperatingNetwork(first=NetworkUpdate(NetworkStatus.SUBMITTED, "N-1"))


async def _poll_late(desk: Desk) -> Polled:
    """Poll when the network's day is over."""
    await FulfillmentOrder.filter(request_status="submitted").update(submitted_at=now() - timedelta(hours=25))
    await FulfillmentOrder.exclude(next_poll_at=None).update(next_poll_at=now())
    return await poll_networks(desk.database, desk.providers, BY, accept_within=timedelta(hours=24))


async def test_it_is_routed_to_another_location_once_the_network_gave_it_back(desk: Desk) -> None:
    order = await give_work(desk)
    await desk.poll()
    assert await state(order) == ("confirmed", False, "open", "submitted")
    york = await make_network_location(desk.database, desk.network, "york")

    assert await _poll_late(desk) == Polled(asked=1)
    assert await state(order) == ("confirmed", False, "open", "timed_out")
    await desk.deliver()

    assert await state(order) == ("confirmed", False, "cancelled", "cancellation_accepted")
    assert (await work_of(order)).withdrawn_for == "timed_out"
    assert await reasons(desk.database, "fulfillment_timed_out") == ["test-3pl did not accept it within 24 hours"]
    again = await FulfillmentOrder.get(order_id=order.id, status="open")
    assert (again.location_id, again.request_status) == (york.id, "submitted")
    assert await contradictions(desk.database) == []


async def test_where_nobody_else_has_it_the_order_is_held(desk: Desk) -> None:
    order = await give_work(desk)
    await _poll_late(desk)
    await desk.deliver()
    assert [reason for reason, _ in await open_holds(order)] == ["out_of_stock"]


async def test_a_yes_that_comes_late_is_theirs_where_they_do_not_give_it_back(
    desk: Desk, network: TestCooperatingNetwork
) -> None:
    order = await give_work(desk)
    network.cancels, network.cancel_reason = NetworkStatus.CANCELLATION_REFUSED, "we have just begun"
    await _poll_late(desk)
    await desk.deliver()
    assert await state(order) == ("confirmed", False, "open", "cancellation_rejected")

    network.answers[str((await work_of(order)).id)] = NetworkUpdate(NetworkStatus.ACCEPTED)
    await desk.poll()
    assert await state(order) == ("confirmed", False, "in_progress", "cancellation_rejected")
    network.answers[str((await work_of(order)).id)] = await shipped(order, 2)
    await desk.poll()

    assert await state(order) == ("confirmed", False, "closed", "closed")
    assert await open_holds(order) == []
    assert await contradictions(desk.database) == []


async def test_an_end_that_comes_before_the_question_needs_none(desk: Desk, network: TestCooperatingNetwork) -> None:
    order = await give_work(desk)
    await _poll_late(desk)
    network.answers[str((await work_of(order)).id)] = NetworkUpdate(NetworkStatus.REJECTED, reason="no such country")
    await desk.poll()
    await desk.deliver()
    assert await state(order) == ("confirmed", False, "cancelled", "timed_out")
    assert network.calls == []
    assert await contradictions(desk.database) == []


async def test_a_network_that_cannot_be_asked_is_waited_for(database: Database) -> None:
    silent = Desk(database, TestNetwork("silent"))
    order = await give_work(silent)
    await _poll_late(silent)
    assert await state(order) == ("confirmed", False, "open", "submitted")
    assert await Location.filter(network="silent").count() == 1
