"""Looking after deliveries: pausing, going on, and sending again."""

import time
from collections.abc import Awaitable
from datetime import datetime

import strawberry
from strawberry import relay

from packhouse.events import models
from packhouse.events.commands.give_up_deliveries import give_up_deliveries
from packhouse.events.commands.pause_plugin import PausePlugin, pause_plugin, resume_plugin
from packhouse.events.commands.replay_events import Replayed, ReplayEvents, replay_events
from packhouse.events.commands.retry_delivery import retry_delivery
from packhouse.events.graphql.deliveries import Delivery, PluginDeliveries
from packhouse.sdk import EventType, ProviderUnavailable, Refused
from packhouse.web.context import Checks, Info
from packhouse.web.graphql.ids import node_id
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="Deliveries to pause.")
class PausePluginInput:
    plugin: str = strawberry.field(description="Code of the plugin, or `plugin/recipient`.")
    reason: str = strawberry.field(default="", description="Why, for people.")


@strawberry.input(description="Deliveries to go on with.")
class ResumePluginInput:
    plugin: str = strawberry.field(description="Code of the plugin, or `plugin/recipient`.")


@strawberry.type(description="How deliveries to the plugin are going now.")
class PluginDeliveriesPayload:
    deliveries: PluginDeliveries | None = strawberry.field(
        description="The plugin's deliveries; null where nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="A delivery to make now.")
class RetryDeliveryInput:
    delivery_id: relay.GlobalID = strawberry.field(description="One that was given up, or waits for its next attempt.")


@strawberry.type(description="The delivery that is made again.")
class DeliveryPayload:
    delivery: Delivery | None = strawberry.field(description="The delivery now; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="Past events that a plugin is to get again, with the ids that they have.")
class ReplayEventsInput:
    plugin: str = strawberry.field(description="Code of the plugin, or `plugin/recipient`.")
    since: datetime = strawberry.field(description="Events recorded from then on.")
    until: datetime | None = strawberry.field(
        default=None, description="Events recorded before then; up to now without."
    )
    types: list[EventType] | None = strawberry.field(
        default=None, description="Only these kinds; all that the plugin has hooks for without."
    )
    after: str | None = strawberry.field(
        default=None, description="Go on behind this position: what an earlier call answered, if it said there is more."
    )


@strawberry.type(description="What will be delivered again.")
class ReplayEventsPayload:
    events: int | None = strawberry.field(description="How many events; null where nothing was changed.")
    position: str | None = strawberry.field(description="Up to which position: the next call's `after`.")
    more: bool | None = strawberry.field(description="Whether there is more: a call takes 10,000 events at most.")
    is_whole: bool | None = strawberry.field(
        description="False where the log no longer keeps all of that time: events of no order and no customer may be missing."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="Deliveries that need not be made any more.")
class GiveUpDeliveriesInput:
    plugin: str = strawberry.field(
        description="Code of a plugin, or `plugin/recipient`, that is paused, disabled or gone."
    )
    reason: str = strawberry.field(description="Why, for people.")


@strawberry.type(description="What will not be delivered.")
class GiveUpDeliveriesPayload:
    given_up: int | None = strawberry.field(description="How many deliveries; null where nothing was changed.")
    more: bool | None = strawberry.field(
        description="Whether some still wait: a call takes those of 10,000 orders, and leaves what is being delivered."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.input(description="A plugin, or one of its recipients, to try.")
class TestConnectionInput:
    plugin: str = strawberry.field(description="Code of the plugin, or `plugin/recipient`.")


@strawberry.type(description="What came of trying.")
class TestConnectionPayload:
    answer: str | None = strawberry.field(description="What answered, in a line; null where it did not work.")
    duration_ms: int | None = strawberry.field(description="How long it took, in milliseconds.")
    user_errors: list[UserError] = strawberry.field(description="Why it did not work.")


@strawberry.type(description="Changes of deliveries.")
class EventsMutations:
    @strawberry.mutation(description="Let deliveries to a plugin wait, until they are resumed. Nothing is lost.")
    async def pause_plugin(self, info: Info, input: PausePluginInput) -> PluginDeliveriesPayload:
        context, data = info.context, PausePlugin(input.plugin, input.reason)
        known = context.checks.addresses
        return await _payload(context.write(lambda uow: pause_plugin(uow, data, known)))

    @strawberry.mutation(description="Go on with deliveries to a plugin, whoever paused them.")
    async def resume_plugin(self, info: Info, input: ResumePluginInput) -> PluginDeliveriesPayload:
        context = info.context
        known = context.checks.addresses
        return await _payload(context.write(lambda uow: resume_plugin(uow, input.plugin, known)))

    @strawberry.mutation(description="Make a delivery now that was given up, or that waits for its next attempt.")
    async def retry_delivery(self, info: Info, input: RetryDeliveryInput) -> DeliveryPayload:
        context = info.context
        id_, errors = await attempt(
            context.write(lambda uow: retry_delivery(uow, node_id(input.delivery_id, "Delivery", "deliveryId")))
        )
        row = None if id_ is None else await models.Delivery.get(id=id_)
        return DeliveryPayload(delivery=None if row is None else Delivery.of(row), user_errors=errors)

    @strawberry.mutation(
        description="Let a plugin try its way to the vendor by something harmless: an endpoint of webhooks gets a test message."
    )
    async def test_connection(self, info: Info, input: TestConnectionInput) -> TestConnectionPayload:
        started = time.perf_counter()
        answer, errors = await attempt(_tried(info.context.checks, input.plugin))
        duration = None if answer is None else round((time.perf_counter() - started) * 1000)
        return TestConnectionPayload(answer=answer, duration_ms=duration, user_errors=errors)

    @strawberry.mutation(
        description="Give up all that waits for a plugin. `retryDelivery` and `replayEvents` deliver it all the same."
    )
    async def give_up_deliveries(self, info: Info, input: GiveUpDeliveriesInput) -> GiveUpDeliveriesPayload:
        context = info.context
        known = context.checks.addresses
        done, errors = await attempt(
            give_up_deliveries(context.database, context.by, input.plugin, input.reason, known)
        )
        return GiveUpDeliveriesPayload(
            given_up=None if done is None else done.deliveries,
            more=None if done is None else done.more,
            user_errors=errors,
        )

    @strawberry.mutation(description="Deliver past events to a plugin again, in their order.")
    async def replay_events(self, info: Info, input: ReplayEventsInput) -> ReplayEventsPayload:
        context, known = info.context, info.context.checks.addresses
        wanted = [each for each, listeners in context.checks.listeners.items() if input.plugin in listeners]

        async def replay() -> Replayed:
            data = ReplayEvents(
                input.plugin,
                input.since,
                input.until,
                None if input.types is None else frozenset(input.types),
                _position(input.after),
            )
            return await replay_events(context.database, context.by, data, wanted, known)

        done, errors = await attempt(replay())
        return ReplayEventsPayload(
            events=None if done is None else done.events,
            position=None if done is None else str(done.position),
            more=None if done is None else done.more,
            is_whole=None if done is None else done.is_whole,
            user_errors=errors,
        )


async def _tried(checks: Checks, plugin: str) -> str:
    try:
        return await checks.test_connection(plugin)
    except TimeoutError:
        raise ProviderUnavailable(f"{plugin} gave no answer in time") from None


async def _payload(change: Awaitable[str]) -> PluginDeliveriesPayload:
    plugin, errors = await attempt(change)
    return PluginDeliveriesPayload(
        deliveries=None if plugin is None else PluginDeliveries(plugin=plugin), user_errors=errors
    )


def _position(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(2**63)) - 1:
        raise Refused("INVALID_POSITION", f"{text!r} is not a position of an event", "after")
    return int(text)
