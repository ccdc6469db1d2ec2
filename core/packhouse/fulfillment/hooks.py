"""The room's own plugin: talks to fulfilment networks, durably, after the commit that asked for it."""

from uuid import UUID

from packhouse import __version__
from packhouse.fulfillment.commands.ask_cancellation import ask_cancellation
from packhouse.fulfillment.commands.pass_on import Change, PassOn, pass_on
from packhouse.fulfillment.commands.submit import submit_fulfillment
from packhouse.fulfillment.commands.time_out import ask_timed_out
from packhouse.fulfillment.commands.withdraw_lots import withdraw_lots
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import FulfillmentOrderStatus, RequestStatus
from packhouse.hooks.services import Services
from packhouse.orders.models import Hold
from packhouse.sdk import Event, PluginManifest, hookimpl
from packhouse.storage import Initiator

CODE = "packhouse-fulfillment"


class FulfillmentPlugin:
    """Submits work of a network's location when it is requested, and what a hold kept back when it is released; asks for
    work back; passes on what changes about work that others have.

    A network that cannot be reached raises, so the delivery is tried again later; an order's deliveries are in order, so
    nobody is asked to cancel before the submission has ended.
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
    async def fulfillment_timed_out(self, event: Event) -> None:
        """Ask for work back that was not accepted in time."""
        work_id, reason = _work_of(event), event.reason
        await self._services.database.write(_by(event), lambda uow: ask_timed_out(uow, work_id, reason))

    @hookimpl
    async def fulfillment_cancellation_requested(self, event: Event) -> None:
        """Put the question to the network."""
        networks = self._services.providers.networks
        await ask_cancellation(self._services.database, networks, _by(event), _work_of(event), str(event.id))

    @hookimpl
    async def lot_recalled(self, event: Event) -> None:
        """Take its units out of the work."""
        await withdraw_lots(self._services.database, _by(event))

    @hookimpl
    async def order_changed(self, event: Event) -> None:
        """Pass a new address on to whoever has work of the order."""
        if "shipping_address" in event.payload.get("changed", ()):
            await self._pass_on(event, Change.ADDRESS)

    @hookimpl
    async def order_held(self, event: Event) -> None:
        """Let whoever has work of the order wait, where they can."""
        await self._pass_on(event, Change.HOLD)

    @hookimpl
    async def order_released(self, event: Event) -> None:
        """Let them go on, and submit what the hold kept back."""
        if event.order_id is not None and not await Hold.exists(order_id=event.order_id, released_at=None):
            await self._pass_on(event, Change.RELEASE)
            await self._submit_waiting(event)

    async def _pass_on(self, event: Event, change: Change) -> None:
        if event.order_id is not None:
            data = PassOn(event.order_id, change, str(event.id))
            await pass_on(self._services.database, self._services.providers.networks, _by(event), data)

    async def _submit_waiting(self, event: Event) -> None:
        """All of the order's work that waits: a request that came while it was held is taken up by the release."""
        if event.order_id is None or await Hold.exists(order_id=event.order_id, released_at=None):
            return
        waiting = await FulfillmentOrder.filter(
            order_id=event.order_id,
            status=FulfillmentOrderStatus.OPEN.value,
            request_status=RequestStatus.UNSUBMITTED.value,
        ).exclude(network="")
        services = self._services
        for work in waiting:
            await submit_fulfillment(services.database, services.providers.networks, _by(event), work.id)


def _by(event: Event) -> Initiator:
    return Initiator(f"plugin:{CODE}", "event", event.correlation_id, str(event.id))


def _work_of(event: Event) -> UUID:
    return UUID(event.payload["fulfillment_order_id"])
