from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from packhouse.customers.commands.record_consent import RecordConsent, record_consent
from packhouse.events.models import EventRow
from packhouse.feedback.hooks import CODE, FeedbackPlugin
from packhouse.feedback.models import ReviewRequest
from packhouse.hooks import PluginHost
from packhouse.hooks.handover import Handover
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import ConsentPurpose, ConsentState, Event, EventType, Providers, new_id, now
from packhouse.settings import Settings
from packhouse.settings.sections import FeedbackSettings, PluginsSettings
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_delivered, make_order, make_shipped

DELIVERED = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def tell(house: Any, order_id: UUID | None, event_type: EventType = EventType.SHIPMENT_DELIVERED) -> None:
    """Deliver an event to the plugin as the relay does."""
    host = PluginHost.load(PluginsSettings(), [FeedbackPlugin(house)], installed=())
    await host.startup()
    try:
        event = Event(new_id(), event_type, 1, now(), order_id)
        await host.deliver(event, None, Handover(CODE, event.id))
    finally:
        await host.shutdown()


async def test_the_customer_is_asked_days_after_everything_arrived(database: Database, house: Any, shop: Any) -> None:  # noqa: ARG001
    order = await make_order(database, {"MUG": 1})
    await make_delivered(database, order, at=DELIVERED)
    house.settings = Settings(feedback=FeedbackSettings(review_request_delay_days=10))

    await tell(house, order.id)

    (request,) = await ReviewRequest.filter(order_id=order.id)
    assert (request.platform, request.status, request.reason) == ("stars", "scheduled", "")
    assert (request.send_at, request.due_at) == (DELIVERED + timedelta(days=10),) * 2


async def test_both_events_and_repeats_make_one_request_each_platform(house: Any, order: Order, platform: Any) -> None:
    house.providers = Providers(reviews={"stars": platform, "moons": platform, "deaf": _Deaf()})
    for event_type in (EventType.SHIPMENT_DELIVERED, EventType.ORDER_COMPLETED, EventType.SHIPMENT_DELIVERED):
        await tell(house, order.id, event_type)

    assert sorted([row.platform for row in await ReviewRequest.all()]) == ["moons", "stars"]


async def test_who_does_not_want_to_be_asked_is_not(house: Any, order: Order) -> None:
    assert order.customer_id is not None
    said = RecordConsent(order.customer_id, ConsentPurpose.REVIEWS, ConsentState.DENIED, "letter")
    await house.database.write(BY, lambda uow: record_consent(uow, said))

    await tell(house, order.id)

    (request,) = await ReviewRequest.filter(order_id=order.id)
    assert (request.status, request.due_at) == ("skipped", None)
    assert request.reason == "the customer does not want to be asked for reviews"


async def test_nobody_is_asked_while_something_is_to_come(database: Database, house: Any, shop: Any) -> None:  # noqa: ARG001
    order = await make_order(database, {"MUG": 2, "PLATE": 1})
    await make_shipped(database, order)
    await OrderLine.filter(order_id=order.id, sku="MUG").update(delivered=2)

    await tell(house, order.id)
    assert await ReviewRequest.all() == []

    # cancelled units are not waited for
    await OrderLine.filter(order_id=order.id, sku="PLATE").update(shipped=0, cancelled=1)
    await tell(house, order.id)
    assert len(await ReviewRequest.all()) == 1


async def test_an_order_that_was_cancelled_whole_gives_no_occasion(house: Any, order: Order) -> None:
    for line in await OrderLine.filter(order_id=order.id):
        await OrderLine.filter(id=line.id).update(delivered=0, shipped=0, cancelled=line.ordered)

    await tell(house, order.id)

    assert await ReviewRequest.all() == []


async def test_skipped_requests_say_why(house: Any, order: Order) -> None:
    await Order.filter(id=order.id).update(email="")
    await tell(house, order.id)
    (request,) = await ReviewRequest.all()
    assert (request.status, request.reason, request.due_at) == ("skipped", "the order has no e-mail address", None)

    await request.delete()
    await Order.filter(id=order.id).update(email="buyer@example.com", is_imported=True)
    await tell(house, order.id)
    (request,) = await ReviewRequest.all()
    assert (request.status, request.reason, request.due_at) == ("skipped", "the order is imported history", None)


async def test_events_of_no_order_and_houses_without_platforms_are_let_pass(house: Any, order: Order) -> None:
    await tell(house, None)
    await tell(house, new_id())
    house.providers = Providers()
    await tell(house, order.id)

    assert await ReviewRequest.all() == []
    assert not await EventRow.exists(type="review_requested")


class _Deaf:
    code = "deaf"
    title = "Collects nothing"
