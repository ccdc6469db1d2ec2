"""Every hook that a plugin can implement: what is asked of it here, what it is told of in `event_hookspecs`.

The first word says the phase; `def` hooks may do no I/O, `async def` hooks may. A plugin implements a hook with exactly
this name and any subset of these arguments, decorated with `packhouse.sdk.hookimpl`. Since API version 1.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from packhouse.sdk.context import PluginContext
from packhouse.sdk.contributions import Facts, Objection, PluginJob, PluginManifest, PluginRoute, Recipient
from packhouse.sdk.event_hookspecs import Deliver
from packhouse.sdk.hookmarkers import PROJECT, hookimpl, hookspec
from packhouse.sdk.providers import Provider
from packhouse.sdk.routing import RoutingOpinion, RoutingQuestion, RoutingRule
from packhouse.sdk.snapshots import OrderSnapshot

__all__ = ["PROJECT", "SPECIFICATIONS", "hookimpl", "hookspec"]


class StartUp:
    """Called once, synchronously, while the application is put together. A plugin that
    claims a code which one before it has (the built-in ones, then the others by their codes) is left out as a whole.
    """

    @hookspec
    def plugin_manifest(self) -> PluginManifest:
        """Who the plugin is. Every plugin implements this one; it is called before all others."""
        raise NotImplementedError

    @hookspec
    def register_channels(self, context: PluginContext) -> Sequence[Provider]:
        """Channels that orders come from: providers with `ReadsWebhooks`, `PullsOrders`, `PushesShipments`, `PushesStock`, `ShowsStock`."""
        raise NotImplementedError

    @hookspec
    def register_carriers(self, context: PluginContext) -> Sequence[Provider]:
        """Carriers: providers with `Quotes`, `BuysLabels`, `VoidsLabels`, `Tracks`."""
        raise NotImplementedError

    @hookspec
    def register_fulfillment_networks(self, context: PluginContext) -> Sequence[Provider]:
        """3PLs and marketplaces' warehouses: providers with `FulfillsOrders`, and what else they can do: `CancelsFulfillment`,
        `UpdatesFulfillment`, `PreviewsFulfillment`, `TracksFulfillment`, `ReportsStock`.
        """
        raise NotImplementedError

    @hookspec
    def register_payment_providers(self, context: PluginContext) -> Sequence[Provider]:
        """Payment providers: providers with `Refunds`."""
        raise NotImplementedError

    @hookspec
    def register_review_platforms(self, context: PluginContext) -> Sequence[Provider]:
        """Review platforms: providers with `CollectsReviews`, `ReadsReviews`, `RepliesToReviews`."""
        raise NotImplementedError

    @hookspec
    def register_routing_rules(self, context: PluginContext) -> Sequence[RoutingRule]:
        """Kinds of rules that may decide where orders are sent from, once somebody chooses them."""
        raise NotImplementedError

    @hookspec
    def register_recipients(self, context: PluginContext) -> Sequence[Recipient]:
        """Those whom the plugin passes events on to: each has its own order, retries and pauses.

        Its hooks for events are called once for each of them, with `context.recipient` saying for whom; without this hook
        once, for the plugin itself. A plugin that names nobody gets no events.
        """
        raise NotImplementedError

    @hookspec
    def register_jobs(self, context: PluginContext) -> Sequence[PluginJob]:
        """What the plugin does by the clock. Jobs run while the plugin is enabled and has started."""
        raise NotImplementedError

    @hookspec
    def register_routes(self, context: PluginContext) -> Sequence[PluginRoute]:
        """Addresses of the plugin's own below `/plugins/<code>/`, for holders of an access token."""
        raise NotImplementedError


class Lifespan:
    """Called when the server starts and stops, each plugin by itself and timed."""

    @hookspec
    async def startup(self, context: PluginContext) -> None:
        """The event loop runs and `context.http` is open.

        Raising says that the plugin cannot work yet: it is called again after a while, and until it works the plugin's events
        wait.
        """

    @hookspec
    async def shutdown(self, context: PluginContext) -> None:
        """The plugin is about to stop; `context.http` is still open. Called where `startup` has worked."""


class Ask:
    """Called when a person wants to know, outside any event."""

    @hookspec
    async def test_connection(self, context: PluginContext) -> str:
        """Try the way to the vendor (or to `context.recipient`) by something harmless; one line about what answered.

        Raises `ProviderError` where it does not work.
        """
        raise NotImplementedError


class Read:
    """Called when somebody reads: nothing is changed by it, and an answer that comes late is missing."""

    @hookspec
    async def order_extensions(
        self, orders: Sequence[OrderSnapshot], context: PluginContext
    ) -> Mapping[UUID, Mapping[str, Any]]:
        """What the plugin knows about orders, as JSON objects of at most 65,536 bytes by `order.id`; shown as `Order.extensions`.

        Asked once for all orders of a request; leave out those that there is nothing to say about.
        """
        raise NotImplementedError


class Gather:
    """Called before the transaction, side by side, with a deadline: an answer that comes late is missing."""

    @hookspec
    async def gather_order_facts(self, order: OrderSnapshot, context: PluginContext) -> Facts:
        """Facts about an order that is about to be placed, for the plugin's own `check_order`."""
        raise NotImplementedError


class Decide:
    """Called inside the transaction: pure functions. An error in a check holds the order or refuses, it never lets pass."""

    @hookspec
    def check_order(self, order: OrderSnapshot, facts: Facts) -> Objection | None:
        """May this order be placed? `facts` are the plugin's own from `gather_order_facts`."""

    @hookspec
    def check_cancellation(self, order: OrderSnapshot) -> Objection | None:
        """May this order be cancelled?"""

    @hookspec
    def check_release(self, order: OrderSnapshot) -> Objection | None:
        """May this hold be released?"""

    @hookspec
    def rank_locations(self, question: RoutingQuestion) -> Mapping[str, RoutingOpinion] | None:
        """A whole strategy of routing: what it thinks of each location, by its code. Asked where the routing rules name the plugin.

        Locations that it does not name go last; None: it sees no difference. It answers the same whenever it is asked the same. Where
        it fails, the next rule decides, and the order is held unless the rules say otherwise.
        """


SPECIFICATIONS = (StartUp, Lifespan, Ask, Read, Gather, Decide, Deliver)
