"""Following deliveries live."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.events import models
from packhouse.events.delivery_log import DELIVERIES, AttemptSelection, LoggedAttempt
from packhouse.events.graphql.deliveries import Delivery, DeliveryAttempt
from packhouse.events.graphql.following import AFTER, follow, span_of
from packhouse.storage.batches import by_id
from packhouse.web.context import Info
from packhouse.web.graphql.log_cursors import write_log_cursor
from packhouse.web.graphql.streams.operation import follows

_deliveries_by_id = by_id(models.Delivery)


@strawberry.input(description="Which attempts to tell; what is left out does not narrow, all that is given must hold.")
class DeliveryUpdateFilter:
    plugin: str | None = strawberry.field(default=None, description="To this plugin or recipient.")
    ok: bool | None = strawberry.field(default=None, description="Those that worked, or those that did not.")


@strawberry.type(description="An attempt to deliver an event, told as soon as it was written down.")
class DeliveryUpdate:
    cursor: str = strawberry.field(description="Its place in the log: give it as `after` to go on from here, anywhere.")
    attempt: DeliveryAttempt = strawberry.field(description="The attempt.")
    delivery_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, attempt: LoggedAttempt) -> "DeliveryUpdate":
        """An attempt of the log."""
        return cls(
            cursor=write_log_cursor(DELIVERIES, attempt.position),
            attempt=DeliveryAttempt.of(attempt),
            delivery_id=attempt.delivery_id,
        )

    @strawberry.field(description="The delivery as it stands now, which may be later than the attempt.")
    async def delivery(self, info: Info) -> Delivery | None:
        row = await info.context.loaders.one(_deliveries_by_id, self.delivery_id)
        return None if row is None else Delivery.of(row)


@strawberry.type
class EventsSubscriptions:
    @strawberry.subscription(
        description="Every attempt to deliver an event to a plugin, from now on or after a cursor.",
        metadata=follows(DELIVERIES),
    )
    async def deliveries(
        self,
        info: Info,
        filter: Annotated[
            DeliveryUpdateFilter | None, strawberry.argument(description="Which attempts; all without it.")
        ] = None,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> AsyncIterator[DeliveryUpdate]:
        chosen = filter or DeliveryUpdateFilter()
        selection = AttemptSelection(plugin=chosen.plugin, ok=chosen.ok)
        async for attempt in follow(info, DELIVERIES, await span_of(info, DELIVERIES, after), selection):
            yield DeliveryUpdate.of(attempt)
