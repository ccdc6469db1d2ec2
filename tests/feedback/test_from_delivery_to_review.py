from typing import Any

from packhouse.feedback.asking import send_due_review_requests
from packhouse.feedback.hooks import CODE, FeedbackPlugin
from packhouse.feedback.models import Review, ReviewRequest
from packhouse.feedback.pulling import pull_reviews
from packhouse.hooks import PluginHost
from packhouse.hooks.handover import Handover
from packhouse.orders.models import Order
from packhouse.sdk import Event, EventType, IncomingReview, new_id, now
from packhouse.settings import Settings
from packhouse.settings.sections import FeedbackSettings, PluginsSettings
from packhouse.storage import Initiator


async def test_a_delivered_order_ends_with_its_review(house: Any, order: Order, platform: Any, by: Initiator) -> None:
    house.settings = Settings(feedback=FeedbackSettings(review_request_delay_days=0))
    host = PluginHost.load(PluginsSettings(), [FeedbackPlugin(house)], installed=())
    assert host.listeners[EventType.SHIPMENT_DELIVERED] == (CODE,)
    assert host.listeners[EventType.ORDER_COMPLETED] == (CODE,)
    await host.startup()
    event = Event(new_id(), EventType.ORDER_COMPLETED, 1, now(), order.id)
    await host.deliver(event, None, Handover(CODE, event.id))
    await host.shutdown()

    assert await send_due_review_requests(house.database, house.providers, by) == {"sent": 1}
    (invitation,) = platform.invited
    platform.says(IncomingReview("r1", invitation.order_number, 5, "Lovely", sku=invitation.skus[0]))
    (pulled,) = await pull_reviews(house.database, house.providers, by)

    assert (pulled.counts.total(), pulled.error) == (1, "")
    review = await Review.get()
    assert (review.order_id, review.score, review.sku) == (order.id, 5, "MUG")
    assert (await ReviewRequest.get()).status == "answered"
