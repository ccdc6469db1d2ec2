"""The feedback room on the hooks that every plugin has: when everything has arrived, the customer is asked later."""

from packhouse import __version__
from packhouse.feedback.commands.schedule_review_requests import ScheduleReviewRequests, schedule_review_requests
from packhouse.hooks.services import Services
from packhouse.sdk import CollectsReviews, Event, PluginManifest, hookimpl
from packhouse.storage import Initiator

CODE = "packhouse-feedback"


class FeedbackPlugin:
    """Plans a review request for each review platform once an order has arrived completely."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Who we are."""
        return PluginManifest(code=CODE, title="Feedback", version=__version__)

    @hookimpl
    async def shipment_delivered(self, event: Event) -> None:
        """A parcel arrived: it may have been the last one."""
        await self._schedule(event)

    @hookimpl
    async def order_completed(self, event: Event) -> None:
        """The order is done."""
        await self._schedule(event)

    async def _schedule(self, event: Event) -> None:
        services = self._services
        platforms = tuple(
            sorted(code for code, each in services.providers.reviews.items() if isinstance(each, CollectsReviews))
        )
        if event.order_id is None or not platforms:
            return
        by = Initiator(f"plugin:{CODE}", "event", event.correlation_id, str(event.id))
        data = ScheduleReviewRequests(event.order_id, platforms, services.settings.feedback.review_request_delay_days)
        await services.database.write(by, lambda uow: schedule_review_requests(uow, data))
