"""What ordering does when others report: a location that failed is routed around."""

from packhouse import __version__
from packhouse.hooks.services import Services
from packhouse.ordering.commands.reroute import Reroute, reroute
from packhouse.sdk import Event, PluginManifest, hookimpl
from packhouse.storage import Initiator

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
        if event.order_id is None:
            return
        data = Reroute(event.order_id)
        by = Initiator(f"plugin:{CODE}", "event", event.correlation_id, str(event.id))
        await self._services.database.write(by, lambda uow: reroute(uow, data))
