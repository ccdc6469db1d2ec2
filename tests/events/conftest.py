import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from packhouse.events.outbox import Outbox
from packhouse.events.record import record
from packhouse.events.relay import Relay
from packhouse.events.subjects import LoadSnapshots
from packhouse.hooks.handover import Handover
from packhouse.sdk import CustomerSnapshot, Event, EventType, Money, OrderSnapshot, new_id, now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.testing.hints import Hints

Hook = Callable[[str, Event, OrderSnapshot | None], Awaitable[None]]


@dataclass
class Delivering:
    """Short times for tests."""

    poll_seconds: float = 0.05
    lease_seconds: float = 5.0
    batch: int = 20
    max_attempts: int = 3
    outage_days: float = 7.0
    pause_after: int = 1000


class Plugins:
    """Stands for the plugin host: remembers what was delivered, after `hook` let it."""

    def __init__(self, codes: Iterable[str] = ("crm",), hook: Hook | None = None) -> None:
        self.listeners: Mapping[EventType, tuple[str, ...]] = dict.fromkeys(EventType, tuple(codes))
        self.delivered: list[tuple[str, Event, OrderSnapshot | None]] = []
        self.customers: list[CustomerSnapshot] = []
        self.hook = hook
        self.not_started: set[str] = set()

    def retries(self, code: str) -> Sequence[float]:  # noqa: ARG002  (the host's way for all)
        return ()

    def wants_order(self, code: str, event_type: EventType) -> bool:
        return code in self.listeners[event_type]

    def is_ready(self, code: str) -> bool:
        return code not in self.not_started

    def wants_customer(self, code: str, event_type: EventType) -> bool:
        return code in self.listeners[event_type]

    async def deliver(
        self, event: Event, order: OrderSnapshot | None, handover: Handover, customer: CustomerSnapshot | None
    ) -> None:
        code = handover.plugin
        if self.hook is not None:
            await self.hook(code, event, order)
        if customer is not None:
            self.customers.append(customer)
        self.delivered.append((code, event, order))

    def facts(self, code: str, order_id: UUID | None = None) -> list[Any]:
        return [
            event.payload["n"]
            for plugin, event, _ in self.delivered
            if plugin == code and "n" in event.payload and (order_id is None or event.order_id == order_id)
        ]


def snapshot(order_id: UUID) -> OrderSnapshot:
    return OrderSnapshot(order_id, "1001", "shop", "", "pending", "GBP", Money.of("1.00", "GBP"), now())


async def load_snapshots(order_ids: Sequence[UUID]) -> Mapping[UUID, OrderSnapshot]:
    return {order_id: snapshot(order_id) for order_id in order_ids}


async def load_customers(customer_ids: Sequence[UUID]) -> Mapping[UUID, CustomerSnapshot]:
    return {customer_id: CustomerSnapshot(customer_id, "buyer@example.com") for customer_id in customer_ids}


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 5) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  (other processes and the database set no event)
            await asyncio.sleep(0.01)


class House:
    """A database whose events go to `plugins`, on either set-up."""

    def __init__(self, database: Database, by: Initiator) -> None:
        self.database = database
        self.by = by
        self.plugins = Plugins()
        self.settings = Delivering()
        self._processes: list[tuple[Relay, Hints]] = []

    def listen(self, plugins: Plugins) -> Plugins:
        self.plugins = plugins
        self.database.before_commit = Outbox(plugins.listeners).flush
        return plugins

    async def happen(
        self,
        *numbers: object,
        order_id: UUID | None = None,
        event_type: EventType = EventType.ORDER_CHANGED,
        customer_id: UUID | None = None,
    ) -> list[UUID]:
        """Record events in one unit of work."""

        async def work(uow: UnitOfWork) -> list[UUID]:
            return [
                record(
                    uow,
                    event_type,
                    new_id(),
                    order_id=order_id,
                    customer_id=customer_id,
                    payload={"n": number},
                    reason="because",
                )
                for number in numbers
            ]

        return await self.database.write(self.by, work)

    async def relay(self, load: LoadSnapshots = load_snapshots, **more: Any) -> Relay:
        """What one process runs: told by the others, and telling them, over NATS beside PostgreSQL."""
        hints = Hints(self.database)
        relay = Relay(
            self.database,
            self.plugins,
            load,
            self.settings,
            load_customers=load_customers,
            announce=lambda: hints.announce("log"),
            **more,
        )
        self._processes.append((relay, hints))
        await relay.start()
        await hints.start({"log": relay.wake})
        return relay

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.database.fetch(sql, *values)]

    async def until_delivered(self, count: int, code: str = "crm") -> None:
        async def enough() -> bool:
            return len(self.plugins.facts(code)) >= count

        await eventually(enough)

    async def until_rows(self, sql: str) -> None:
        async def some() -> bool:
            return bool(await self.rows(sql))

        await eventually(some)

    async def eventually(self, condition: Callable[[], Awaitable[bool]]) -> None:
        await eventually(condition)

    async def until_gone(self, sql: str) -> None:
        async def none() -> bool:
            return not await self.rows(sql)

        await eventually(none)

    async def close(self) -> None:
        processes, self._processes = self._processes, []
        for relay, hints in processes:
            await hints.stop()
            await relay.stop(grace_seconds=0)


@pytest_asyncio.fixture
async def house(database: Database, by: Initiator) -> AsyncIterator[House]:
    opened = House(database, by)
    yield opened
    await opened.close()


@pytest.fixture
def make_plugins() -> type[Plugins]:
    return Plugins


@pytest.fixture
def make_delivering() -> type[Delivering]:
    return Delivering
