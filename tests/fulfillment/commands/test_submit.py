import pytest

from packhouse.fulfillment.commands.answer import NetworkAnswer, record_answer
from packhouse.fulfillment.commands.submit import submit_fulfillment
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.inventory.models import StockLevel
from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.models import Order, OrderLine
from packhouse.orders.states import HoldReason
from packhouse.sdk import (
    NetworkStatus,
    NetworkUpdate,
    ProviderInDoubt,
    ProviderRefused,
    ProviderUnavailable,
    Refused,
    ShippingSpeed,
    new_id,
)
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_location, make_order, make_stock, make_variant
from packhouse.testing.partners import TestNetwork
from packhouse.testing.proofs import contradictions, refused


async def _work(database: Database) -> FulfillmentOrder:
    """Work for two mugs at a location of the network."""
    await make_variant(database)
    await make_stock(database, "MUG", await make_location(database, network="test-3pl"), 10)
    return await FulfillmentOrder.get(order_id=(await make_order(database, {"MUG": 2})).id)


async def _types(database: Database) -> list[str]:
    rows = await database.fetch("SELECT type FROM event WHERE type LIKE 'fulfillment_%' ORDER BY recorded_at, ordinal")
    return [row["type"] for row in rows]


async def test_the_network_is_told_once(database: Database, by: Initiator) -> None:
    work = await _work(database)
    line = await FulfillmentOrderLine.get(fulfillment_order_id=work.id)
    network = TestNetwork()

    submitted = await submit_fulfillment(database, {"test-3pl": network}, by, work.id)
    again = await submit_fulfillment(database, {"test-3pl": network}, by, work.id)

    assert (submitted.request_status, submitted.external_id, submitted.status) == ("submitted", "N-1", "open")
    assert submitted.submitted_at is not None
    assert submitted.next_poll_at is not None
    assert again.request_status == "submitted"
    (request,) = network.requests
    assert (request.reference, request.idempotency_key, request.location) == (str(work.id), str(work.id), "london")
    assert [(item.line, item.sku, item.quantity) for item in request.items] == [(str(line.id), "MUG", 2)]
    assert request.ship_to.postcode == "SW1A 1AA"
    order = await Order.get(id=work.order_id)
    assert (request.channel, request.email, request.ordered_at) == ("web", "buyer@example.com", order.placed_at)
    assert (request.speed, str(request.items[0].unit_value)) == (ShippingSpeed.STANDARD, "10.00 GBP")


async def test_work_that_is_accepted_at_once_is_in_progress_there(database: Database, by: Initiator) -> None:
    work = await _work(database)
    network = TestNetwork(first=NetworkUpdate(NetworkStatus.ACCEPTED, "N-7"))

    accepted = await submit_fulfillment(database, {"test-3pl": network}, by, work.id)

    assert (accepted.request_status, accepted.status, accepted.external_id) == ("accepted", "in_progress", "N-7")
    assert accepted.accepted_at is not None
    assert await _types(database) == ["fulfillment_requested", "fulfillment_submitted", "fulfillment_accepted"]


@pytest.mark.parametrize("by_error", [True, False])
async def test_a_refusal_fails_the_work_and_gives_the_units_back(
    database: Database, by: Initiator, by_error: bool
) -> None:
    work = await _work(database)
    network = TestNetwork(first=NetworkUpdate(NetworkStatus.REJECTED, "", "no such country"))
    if by_error:
        network.fails = [ProviderRefused("no such country")]

    rejected = await submit_fulfillment(database, {"test-3pl": network}, by, work.id)

    assert (rejected.request_status, rejected.status, rejected.reason) == ("rejected", "cancelled", "no such country")
    assert (await OrderLine.get(order_id=work.order_id)).allocated == 0
    level = await StockLevel.get(location_id=work.location_id)
    assert (level.on_hand, level.allocated) == (10, 0)
    (failed,) = await database.fetch("SELECT reason FROM event WHERE type = 'fulfillment_failed'")
    assert failed["reason"] == "refused_by_network: no such country"
    assert await contradictions(database) == []


async def test_an_answer_that_was_lost_is_asked_for_and_not_sent_again(database: Database, by: Initiator) -> None:
    work = await _work(database)
    network = TestNetwork(fails_after=[ProviderInDoubt("the line went dead")])

    with pytest.raises(ProviderInDoubt):
        await submit_fulfillment(database, {"test-3pl": network}, by, work.id)
    assert (await FulfillmentOrder.get(id=work.id)).request_status == "unsubmitted"
    submitted = await submit_fulfillment(database, {"test-3pl": network}, by, work.id)

    assert submitted.request_status == "submitted"
    assert len(network.requests) == 1


async def test_a_network_that_is_down_is_tried_again(database: Database, by: Initiator) -> None:
    work = await _work(database)
    network = TestNetwork(fails=[ProviderUnavailable("down")])

    with pytest.raises(ProviderUnavailable):
        await submit_fulfillment(database, {"test-3pl": network}, by, work.id)
    submitted = await submit_fulfillment(database, {"test-3pl": network}, by, work.id)

    assert submitted.request_status == "submitted"


async def test_held_work_and_work_of_an_unknown_network_are_refused(database: Database, by: Initiator) -> None:
    work = await _work(database)
    async with refused(database, "NO_NETWORK"):
        await submit_fulfillment(database, {}, by, work.id)
    async with refused(database, "NOT_FOUND"):
        await submit_fulfillment(database, {}, by, new_id())
    await database.write(by, lambda uow: hold(uow, HoldOrder(work.order_id, HoldReason.FRAUD)))
    network = TestNetwork()
    async with refused(database, "ON_HOLD"):
        await submit_fulfillment(database, {"test-3pl": network}, by, work.id)
    assert network.requests == []


async def test_our_own_work_is_submitted_to_nobody(database: Database, by: Initiator) -> None:
    work = await _work(database)
    await FulfillmentOrder.filter(id=work.id).update(network="")
    assert (await submit_fulfillment(database, {}, by, work.id)).request_status == "unsubmitted"


async def test_a_network_may_give_up_what_it_accepted(database: Database, by: Initiator) -> None:
    work = await _work(database)
    await submit_fulfillment(
        database, {"test-3pl": TestNetwork(first=NetworkUpdate(NetworkStatus.ACCEPTED))}, by, work.id
    )
    no = NetworkAnswer(work.id, NetworkStatus.CANCELLED, reason="lost in the warehouse")

    ended = await database.write(by, lambda uow: record_answer(uow, no))
    again = await database.write(by, lambda uow: record_answer(uow, no))

    assert (ended.request_status, ended.status, ended.reason) == ("closed", "cancelled", "lost in the warehouse")
    assert again.status == "cancelled"
    assert await contradictions(database) == []


async def test_an_unknown_request_has_no_answer(database: Database, by: Initiator) -> None:
    with pytest.raises(Refused):
        await database.write(by, lambda uow: record_answer(uow, NetworkAnswer(new_id(), NetworkStatus.ACCEPTED)))
