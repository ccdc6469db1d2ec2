"""What ordering does when others report: a location that failed is routed around, a cancellation that waited ends,
stock that came goes to those who wait for it.
"""

from uuid import UUID

from packhouse import __version__
from packhouse.hooks.services import Services
from packhouse.ordering.commands.conclude_cancellation import ConcludeCancellation, conclude_cancellation
from packhouse.ordering.commands.foresee import foresee
from packhouse.ordering.commands.give_out import AT_ONCE, GiveOut, give_out_stock
from packhouse.ordering.commands.hold import hold_for
from packhouse.ordering.commands.reroute import Reroute, reroute
from packhouse.orders.states import HoldReason
from packhouse.sdk import Event, PluginManifest, hookimpl
from packhouse.storage import Initiator, UnitOfWork

CODE = "packhouse-ordering"


class OrderingPlugin:
    """Built in: reacts through the same hooks that plugins use."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Who this is."""
        return PluginManifest(CODE, "Ordering", __version__)

    @hookimpl
    async def fulfillment_failed(self, event: Event) -> None:
        """Give the units that a location could not send to another one."""
        await self._go_on(event)

    @hookimpl
    async def fulfillment_cancelled(self, event: Event) -> None:
        """End the cancellation that waited for it, or give the units that came back to another location."""
        await self._go_on(event)

    @hookimpl
    async def fulfillment_cancellation_rejected(self, event: Event) -> None:
        """End the cancellation that waited for it: the work goes on."""
        if event.order_id is not None:
            data = ConcludeCancellation(event.order_id)
            await self._services.database.write(_by(event), lambda uow: conclude_cancellation(uow, data))

    @hookimpl
    async def fulfillment_change_refused(self, event: Event) -> None:
        """Hold an order whose new address somebody does not take over: people decide."""
        if event.order_id is not None and event.payload["change"] == "address":
            order_id, note = event.order_id, f"{event.payload['network']} keeps the old address: {event.reason}"
            await self._services.database.write(
                _by(event), lambda uow: hold_for(uow, order_id, HoldReason.ADDRESS, note, since=event.occurred_at)
            )

    @hookimpl
    async def awaited_stock_changed(self, event: Event) -> None:
        """Give what is free to those who wait for it; then say when the others can expect theirs."""
        variant_id, location_id = UUID(event.payload["variant_id"]), UUID(event.payload["location_id"])
        data = GiveOut(variant_id, location_id, event.reason)
        served = await self._services.database.write(_by(event), lambda uow: give_out_stock(uow, data))
        if served < AT_ONCE:
            await foresee(self._services.database, _by(event), variant_id, location_id)

    async def _go_on(self, event: Event) -> None:
        if event.order_id is None:
            return
        order_id = event.order_id

        async def go_on(uow: UnitOfWork) -> None:
            if not await conclude_cancellation(uow, ConcludeCancellation(order_id)):
                await reroute(uow, Reroute(order_id))

        await self._services.database.write(_by(event), go_on)


def _by(event: Event) -> Initiator:
    return Initiator(f"plugin:{CODE}", "event", event.correlation_id, str(event.id))
