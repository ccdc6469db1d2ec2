"""The house: what an application is made of, and what runs while its server does."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from starlette.routing import BaseRoute

from packhouse.events.bus import Bus
from packhouse.events.delivery_log import DELIVERIES, LiveDeliveries
from packhouse.events.event_log import EVENTS
from packhouse.events.figures import event_figures
from packhouse.events.outbox import Outbox
from packhouse.events.relay import Relay
from packhouse.events.subjects import LoadCustomers, LoadSnapshots, no_customers
from packhouse.hooks import NotStarted, PluginHost
from packhouse.hooks.services import Services
from packhouse.jobs.figures import job_figures
from packhouse.jobs.runner import Job, JobRunner
from packhouse.opening import open_ready
from packhouse.plugins.own_jobs import PluginJobs
from packhouse.plugins.roster import Roster
from packhouse.plugins.vault import Vault
from packhouse.sdk import OrderSnapshot, Providers
from packhouse.settings import Settings
from packhouse.storage import Database, Initiator
from packhouse.telemetry.metrics import Figure, Metrics
from packhouse.telemetry.outgoing import watching
from packhouse.telemetry.secrets import Secrets
from packhouse.telemetry.tracing import Tracing, open_tracing
from packhouse.web.authentication import TokenGate
from packhouse.web.context import Context
from packhouse.web.feeds import LiveFeed
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.reading import read_data
from packhouse.web.graphql.streams.clients import Clients
from packhouse.web.graphql.streams.hub import Streams
from packhouse.web.permissions import ALL, Grant
from packhouse.web.stopping import Stopping
from packhouse.web.tracking_page import LoadTrackingView
from packhouse.web.tracking_view import TrackingView


class Role(StrEnum):
    """What a process does: answer requests, work behind them (deliveries, jobs), or both."""

    ALL = "all"
    API = "api"
    WORKER = "worker"


_LOG = "log"
_JOBS = "jobs"
_DELIVERIES = "deliveries"
_PLUGINS = "plugins"


async def _no_snapshots(_: Sequence[UUID]) -> Mapping[UUID, OrderSnapshot]:
    return {}


async def _no_view(_: UUID) -> TrackingView | None:
    return None


@dataclass(frozen=True, slots=True)
class Parts:
    """What the rooms bring to the application; each is given the running house.

    `plugins` are the built-in ones; `on_start` is awaited when the database is open and plugins have started, and again
    when they were changed.
    """

    schema: GuardedSchema
    load_snapshots: LoadSnapshots = _no_snapshots
    load_customers: LoadCustomers = no_customers
    load_tracking_view: LoadTrackingView = _no_view
    plugins: Callable[[Services], Sequence[object]] = lambda _: ()
    routes: Callable[["House"], Sequence[BaseRoute]] = lambda _: ()
    jobs: Callable[["House"], Sequence[Job]] = lambda _: ()
    on_start: Sequence[Callable[["House"], Awaitable[object]]] = field(default=())


class House:
    """A Packhouse: what it is made of, and what runs while its server does."""

    def __init__(
        self,
        settings: Settings,
        parts: Parts,
        plugins: Sequence[object] = (),
        *,
        role: Role = Role.ALL,
        secrets: Secrets | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self.settings = settings
        self.role = role
        self.parts = parts
        self.stopping = Stopping()
        self.metrics = Metrics()
        self.tracing = tracing or open_tracing(settings.tracing, {"packhouse.role": role.value})
        host = PluginHost.load(
            settings.plugins,
            [*parts.plugins(self), *plugins],
            hook_timeout=settings.events.hook_timeout_seconds,
            run_query=self._query,
            database=lambda: self.database,
            origin=settings.origin,
        )
        self.secrets = secrets if secrets is not None else Secrets.of(settings)
        self.secrets.learn(host.secrets())
        self.roster = Roster(host, Vault.of(settings), self.secrets, announce=lambda: self.announce(_PLUGINS))
        self.outbox = Outbox(host.listeners, self.tracing.traceparent, version=0)
        self.gate = TokenGate()
        self.streams = Streams(parts.schema, settings, self.context)
        self.clients = Clients(self.gate.in_force)
        self.jobs = JobRunner(parts.jobs(self))
        self.plugin_jobs = PluginJobs()
        self.bus: Bus | None = None
        self._database: Database | None = None
        self._relay: Relay | None = None
        self._deliveries: LiveDeliveries | None = None

    @property
    def host(self) -> PluginHost:
        """The plugins that are in use at this moment."""
        return self.roster.host

    @property
    def providers(self) -> Providers:
        """What the plugins registered."""
        return self.host.providers

    @property
    def database(self) -> Database:
        """The open database.

        Raises:
            NotStarted: the server does not run.
        """
        if self._database is None:
            raise NotStarted("the database is open while the server runs only")
        return self._database

    @property
    def relay(self) -> Relay:
        """What delivers events.

        Raises:
            NotStarted: the server does not run.
        """
        if self._relay is None:
            raise NotStarted("the relay works while the server runs only")
        return self._relay

    @property
    def live(self) -> Mapping[str, LiveFeed[Any, Any]]:
        """The logs that subscriptions follow, by name.

        Raises:
            NotStarted: the server does not run.
        """
        if self._relay is None or self._deliveries is None:
            raise NotStarted("logs are followed while the server runs only")
        return {EVENTS: self._relay.live, DELIVERIES: self._deliveries.live}

    def context(self, by: Initiator, grant: Grant) -> Context:
        """The context of a request, by somebody who may do what is granted."""
        return Context(
            database=self.database,
            settings=self.settings,
            providers=self.providers,
            checks=self.host,
            live=self.live,
            plugins=self.roster,
            by=by,
            grant=grant,
        )

    async def _query(self, plugin: str, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        # a plugin runs inside: what keeps it from something is not here
        name = f"plugin:{plugin}"
        context = self.context(Initiator(name, name), Grant(name, ALL))
        return await read_data(self.parts.schema, context, document, variables)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the database, start plugins, deliveries and jobs, in this order; end them in the opposite one.

        Raises:
            DatabaseNotReady: it cannot be reached, or lacks migrations.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.tracing.close)
            database = await self._open_database(stack)
            await self._start_plugins(stack, database)
            relay, deliveries = await self._start_events(stack, database)
            self.roster.start(database, self._switch)
            stack.push_async_callback(self.roster.stop)
            self.clients.start()
            stack.push_async_callback(self.clients.stop)
            stack.callback(self.stopping.on_drain(self.clients.dismiss_all))
            if self.role is not Role.API:
                await self._start_jobs(stack, database)
            stack.callback(self.stopping.on_drain(self._take_no_more))
            if self.settings.nats.url:
                self._start_bus(stack, relay, deliveries)
            yield

    async def _open_database(self, stack: AsyncExitStack) -> Database:
        database = await open_ready(self.settings, self.outbox, serves=True, metrics=self.metrics, tracing=self.tracing)
        self._database = database
        stack.push_async_callback(self._close)
        database.hide = self.secrets.hide
        return database

    async def _start_plugins(self, stack: AsyncExitStack, database: Database) -> None:
        await self.roster.read(database)
        self.secrets.learn(self.host.secrets())
        database.judges = self.host.judges
        self.outbox.change(self.host.listeners, self.roster.version)
        await self.host.startup([watching(self.metrics, self.tracing, self.settings.tracing.propagate_to)])
        stack.push_async_callback(self._stop_plugins)

    async def _start_events(self, stack: AsyncExitStack, database: Database) -> tuple[Relay, LiveDeliveries]:
        deliveries = LiveDeliveries(
            database, self.settings.events.poll_seconds, announce=lambda: self.announce(_DELIVERIES)
        )
        relay = Relay(
            database,
            self.host,
            self.parts.load_snapshots,
            self.settings.events,
            load_customers=self.parts.load_customers,
            delivers=self.role is not Role.API,
            announce=lambda: self.announce(_LOG),
            settled=deliveries.settled,
            outbox=self.outbox,
            behind=self.roster.wake,
        )
        self._relay, self._deliveries = relay, deliveries
        for start in self.parts.on_start:
            await start(self)
        await relay.start()
        stack.push_async_callback(self._end, relay.stop)
        await deliveries.start()
        stack.push_async_callback(deliveries.stop)
        return relay, deliveries

    async def _start_jobs(self, stack: AsyncExitStack, database: Database) -> None:
        await self.jobs.start(database)
        stack.push_async_callback(self._end, self.jobs.stop)
        await self.plugin_jobs.follow(database, self.host)
        stack.push_async_callback(self._end, self.plugin_jobs.stop)

    def _start_bus(self, stack: AsyncExitStack, relay: Relay, deliveries: LiveDeliveries) -> None:
        handlers = {
            _LOG: relay.wake,
            _JOBS: self._wake_jobs,
            _DELIVERIES: deliveries.wake,
            _PLUGINS: self.roster.wake,
        }
        self.bus = Bus(self.settings.nats.url, handlers)
        self.bus.start()
        stack.push_async_callback(self._leave, self.bus)

    def degradations(self) -> list[str]:
        """What does not work and is not needed for working: a sentence each."""
        found = []
        if self.bus is not None and not self.bus.is_connected:
            found.append("NATS cannot be reached: processes find out by polling what others have done")
        if self.roster.problem:
            found.append(f"changed plugins cannot be used in this process: {self.roster.problem}")
        return found

    async def figures(self) -> list[Figure]:
        """What this process and the database know of events, deliveries and jobs; the database's by those who deliver."""
        own = [
            Figure("live_position", "Up to where this process has read the log", (), [((), self.relay.live.head)]),
            Figure("live_connections", "WebSockets and event streams that are open", (), [((), len(self.clients))]),
        ]
        if self.role is Role.API:
            await self.database.fetch("SELECT 1")
            return own
        jobs = [*(job.name for job in self.jobs.jobs), *self.plugin_jobs.names]
        return [
            *own,
            *await event_figures(self.database, self.host.addresses),
            *await job_figures(self.database, jobs),
        ]

    def announce(self, topic: str) -> None:
        """Hint the other processes at something, where there are any."""
        if self.bus is not None:
            self.bus.announce(topic)

    def want_job(self, name: str) -> None:
        """Let a job look for work now, in whichever process does it."""
        self.jobs.wake(name)
        self.announce(_JOBS)

    async def _switch(self, host: PluginHost, version: int) -> None:
        """Let events and work go to the plugins of another host."""
        self.outbox.change(host.listeners, version)
        self.database.judges = host.judges
        self.relay.take_over(host)
        if self.role is not Role.API:
            await self.plugin_jobs.follow(self.database, host)
        for start in self.parts.on_start:
            await start(self)

    async def _stop_plugins(self) -> None:
        await self.host.shutdown()

    def _wake_jobs(self) -> None:
        self.jobs.wake_all()
        self.plugin_jobs.wake_all()

    async def _take_no_more(self) -> None:
        self.relay.take_no_more()
        self.jobs.take_no_more()
        self.plugin_jobs.take_no_more()

    async def _end(self, stop: Callable[[float], Awaitable[None]]) -> None:
        """Stop something; what runs in it has the rest of the drain, the whole of one where there was none."""
        left, whole = self.stopping.seconds_left, self.settings.server.graceful_shutdown_seconds
        await stop(left if self.stopping.is_draining else whole)

    async def _leave(self, bus: Bus) -> None:
        self.bus = None
        await bus.stop()

    async def _close(self) -> None:
        database, self._database, self._relay, self._deliveries = self._database, None, None, None
        if database is not None:
            await database.close()
