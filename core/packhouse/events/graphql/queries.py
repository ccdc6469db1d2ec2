"""Reading the event log by id, and what was delivered of it."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.relay import GlobalID

from packhouse.events import models, queries
from packhouse.events.delivery_log import DELIVERIES
from packhouse.events.event_log import EVENTS
from packhouse.events.graphql.deliveries import Delivery, PluginDeliveries
from packhouse.events.graphql.types import read_event
from packhouse.events.states import DeliveryStatus
from packhouse.storage.batches import by_id
from packhouse.web.context import Info
from packhouse.web.graphql.connection import (
    After,
    Before,
    Connection,
    First,
    Last,
    Ordering,
    PageArguments,
    QuerySetSource,
    paginate,
)
from packhouse.web.graphql.filters import given, optional_id
from packhouse.web.graphql.log_cursors import write_log_cursor
from packhouse.web.graphql.nodes import reader

NODES = {
    "Event": read_event,
    "Delivery": reader(by_id(models.Delivery), Delivery.of),
}
_NEWEST = Ordering("ID", "id", UUID, descending=True)


@strawberry.input(description="Which deliveries: all conditions hold.")
class DeliveryFilter:
    plugin: str | None = strawberry.field(default=None, description="To this plugin or recipient.")
    status: DeliveryStatus | None = strawberry.field(default=None, description="That have come this far.")
    order_id: GlobalID | None = strawberry.field(default=None, description="Of events of this order.")


@strawberry.type(description="What a log holds, as cursors to follow it from.")
class LogCursors:
    oldest: str = strawberry.field(description="Follow from it to get everything that is kept.")
    newest: str = strawberry.field(
        description="Ask for it before you read a list, then follow from it: nothing in between is missed."
    )


async def log_cursors(info: Info, log: str) -> LogCursors:
    """Where a log begins and ends at this moment."""
    bounds = await info.context.live[log].bounds()
    return LogCursors(oldest=write_log_cursor(log, bounds.trimmed), newest=write_log_cursor(log, bounds.last))


@strawberry.type
class EventsQueries:
    @strawberry.field(description="The log of events that subscriptions follow.")
    async def event_log(self, info: Info) -> LogCursors:
        return await log_cursors(info, EVENTS)

    @strawberry.field(description="The log of attempts to deliver that the subscription `deliveries` follows.")
    async def delivery_log(self, info: Info) -> LogCursors:
        return await log_cursors(info, DELIVERIES)

    @strawberry.field(description="Deliveries of events to plugins, newest first.")
    async def deliveries(
        self,
        filter: Annotated[DeliveryFilter | None, strawberry.argument(description="Which ones; all without it.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Delivery]:
        page = PageArguments.of(first, after, last, before)
        chosen = filter or DeliveryFilter()
        rows = models.Delivery.filter(
            **given(plugin=chosen.plugin, status=None if chosen.status is None else chosen.status.value)
        )
        order_id = optional_id(chosen.order_id, "Order", "filter.orderId")
        if order_id is not None:
            rows = rows.filter(event_id__in=queries.event_ids_of_order(order_id))
        return await paginate(QuerySetSource(rows), page, _NEWEST, Delivery.of)

    @strawberry.field(description="How deliveries are going, for every plugin and recipient that gets any.")
    async def plugin_deliveries(self, info: Info) -> list[PluginDeliveries]:
        return [PluginDeliveries(plugin=address) for address in sorted(info.context.checks.addresses)]
