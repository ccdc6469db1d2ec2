"""Deliveries of events to plugins, as people see them."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay

from packhouse.events import models, queries
from packhouse.events.delivery_log import LoggedAttempt
from packhouse.events.graphql.types import Event, read_event
from packhouse.events.states import DeliveryStatus, PauseKind
from packhouse.hooks.handover import idempotency_key
from packhouse.web.context import Info
from packhouse.web.graphql.enums import expose

expose(DeliveryStatus)
expose(PauseKind)


@strawberry.type(description="One try to hand an event to a plugin.")
class DeliveryAttempt:
    started_at: datetime = strawberry.field(description="When it began.")
    duration_ms: int = strawberry.field(description="How long it took, in milliseconds.")
    ok: bool = strawberry.field(description="Whether it worked.")
    error: str | None = strawberry.field(description="What went wrong, without secrets.")
    answer: str | None = strawberry.field(
        description="What the other side answered, where the plugin tells: its beginning, without secrets."
    )

    @classmethod
    def of(cls, attempt: models.DeliveryAttempt | LoggedAttempt) -> "DeliveryAttempt":
        """The attempt of a row, or of the log."""
        return cls(
            started_at=attempt.started_at,
            duration_ms=attempt.duration_ms,
            ok=attempt.ok,
            error=attempt.error or None,
            answer=attempt.answer or None,
        )


@strawberry.type(description="One event that one plugin shall get, and how that went.")
class Delivery(relay.Node):
    id: relay.NodeID[UUID]
    plugin: str = strawberry.field(description="Code of the plugin; `webhooks/shop` for one of its recipients.")
    status: DeliveryStatus = strawberry.field(description="Waits, is done, or was given up.")
    attempt_count: int = strawberry.field(
        description="Attempts so far that count; what a rate limit turned away, or what failed on the side of Packhouse, does not."
    )
    failing_since: datetime | None = strawberry.field(
        description="When the first attempt that counts did not work; null where none failed yet."
    )
    last_error: str | None = strawberry.field(description="Why the last attempt did not work.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is tried again, if it waits for that.")
    finished_at: datetime | None = strawberry.field(description="When it was done or given up.")
    event_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: models.Delivery) -> "Delivery":
        """The delivery of a row."""
        return cls(
            id=row.id,
            plugin=row.plugin,
            status=DeliveryStatus(row.status),
            attempt_count=row.attempts,
            failing_since=row.failing_since,
            last_error=row.last_error or None,
            next_attempt_at=row.next_attempt_at,
            finished_at=row.finished_at,
            event_id=row.event_id,
        )

    @strawberry.field(
        description="What the plugin sends along with what it does about it: the same for every attempt and replay."
    )
    def idempotency_key(self) -> str:
        return idempotency_key(self.plugin, self.event_id)

    @strawberry.field(
        description="What it delivers; null where the log no longer keeps it, and where the access token may not read events of its kind."
    )
    async def event(self, info: Info) -> Event | None:
        return await read_event(info, self.event_id)

    @strawberry.field(description="Every attempt, oldest first.")
    async def attempts(self, info: Info) -> list[DeliveryAttempt]:
        rows = await info.context.loaders.many(queries.attempts_of_deliveries, self.id)
        return [DeliveryAttempt.of(row) for row in rows]


@strawberry.type(description="Why deliveries to a plugin wait, and until when.")
class DeliveryPause:
    kind: PauseKind = strawberry.field(description="Made by hand, or by the circuit breaker.")
    reason: str | None = strawberry.field(description="Why.")
    since: datetime = strawberry.field(description="From when on.")
    until: datetime | None = strawberry.field(
        description="When the breaker lets one delivery find out whether the plugin works again; null: resume it by hand."
    )

    @classmethod
    def of(cls, row: models.PluginPause) -> "DeliveryPause":
        """The pause of a row."""
        return cls(kind=PauseKind(row.kind), reason=row.reason or None, since=row.since, until=row.until)


@strawberry.type(description="How deliveries to one plugin, or one of its recipients, are going.")
class PluginDeliveries:
    plugin: str = strawberry.field(description="Code of the plugin; `webhooks/shop` for one of its recipients.")

    @strawberry.field(description="Its pause; null while deliveries are made.")
    async def pause(self, info: Info) -> DeliveryPause | None:
        row = await info.context.loaders.one(queries.pauses_by_plugin, self.plugin)
        return None if row is None else DeliveryPause.of(row)

    @strawberry.field(description="Deliveries that wait, between attempts too. Counted when asked for.")
    async def pending(self, info: Info) -> int:
        figures = await info.context.loaders.one(queries.pending_of_plugins, self.plugin)
        return 0 if figures is None else figures.count

    @strawberry.field(
        description="Deliveries that failed and are tried again; what waits behind them is not among them. Counted when asked for."
    )
    async def failing(self, info: Info) -> int:
        figures = await info.context.loaders.one(queries.pending_of_plugins, self.plugin)
        return 0 if figures is None else figures.failing

    @strawberry.field(description="When the oldest event that waits was recorded; null where none does.")
    async def oldest_pending_at(self, info: Info) -> datetime | None:
        figures = await info.context.loaders.one(queries.pending_of_plugins, self.plugin)
        return None if figures is None else figures.oldest_at

    @strawberry.field(description="Deliveries that were given up. Counted when asked for.")
    async def dead(self, info: Info) -> int:
        return await info.context.loaders.one(queries.dead_of_plugins, self.plugin) or 0
