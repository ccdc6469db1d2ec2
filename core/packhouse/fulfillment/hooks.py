"""The room's own plugin: gives work to fulfilment networks, durably, after the commit that asked for it."""

from packhouse import __version__
from packhouse.fulfillment.commands.submit import submit_fulfillment
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import FulfillmentOrderStatus, RequestStatus
from packhouse.hooks.services import Services
from packhouse.orders.models import Hold
from packhouse.sdk import Event, PluginManifest, hookimpl
from packhouse.storage import Initiator

CODE = "packhouse-fulfillment"


class FulfillmentPlugin:
    """Submits work of a network's location when it is requested, and what a hold kept back when it is released.

    A network that cannot be reached raises, so the delivery is tried again later.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Who this is."""
        return PluginManifest(CODE, "Fulfilment requests", __version__)

    @hookimpl
    async def fulfillment_requested(self, event: Event) -> None:
        """Submit the order's work that waits; our own locations see theirs by themselves."""
        if event.payload.get("network"):
            await self._submit_waiting(event)

    @hookimpl
    async def order_released(self, event: Event) -> None:
        """Submit what the hold kept back."""
        await self._submit_waiting(event)

    async def _submit_waiting(self, event: Event) -> None:
        """All of the order's work that waits: a request that came while it was held is taken up by the release."""
        if event.order_id is None or await Hold.exists(order_id=event.order_id, released_at=None):
            return
        by = Initiator(f"plugin:{CODE}", "event", event.correlation_id, str(event.id))
        waiting = await FulfillmentOrder.filter(
            order_id=event.order_id,
            status=FulfillmentOrderStatus.OPEN.value,
            request_status=RequestStatus.UNSUBMITTED.value,
        ).exclude(network="")
        services = self._services
        for work in waiting:
            await submit_fulfillment(services.database, services.providers.networks, by, work.id)
