"""One demo: the server, the people, the screen; and whether every order reached its end."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from socket import socket
from typing import TYPE_CHECKING, Any
from uuid import UUID

from strawberry.relay import GlobalID

from packhouse.app import House, create_app
from packhouse.demo.asking import Api
from packhouse.demo.catalogue import CHANNEL, OWN_LOCATIONS, order_plans
from packhouse.demo.people import Picker, ServiceDesk, location_ids
from packhouse.demo.progress import DemoOrder, demo_orders
from packhouse.demo.screen import Screen
from packhouse.demo.setup import prepare
from packhouse.demo.shop import Customers, demo_shop
from packhouse.reporting.rules import Period
from packhouse.reporting.summary import report_tables
from packhouse.sdk import PackhouseError, now
from packhouse.settings import Settings
from packhouse.web.server import Server, make_server
from packhouse.web.tracking_link import sign_tracking_link

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_SECONDS = 0.4
# Nothing has changed for so long at speed 1, at least so long at any: it will not change any more.
_STALLED_SECONDS = 30.0
_LEAST_STALLED_SECONDS = 20.0
_START_SECONDS = 30.0

_EXAMPLE = "{ orders(first: 3) { edges { node { number phase lines { sku ordered delivered } timeline { type } } } } }"


class NotStarted(PackhouseError):
    """The demo's server did not start."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What to run: the orders to place, the speed (1 is the pace for people to watch), whether to end when all is done."""

    orders: int
    speed: float
    once: bool
    address: str


@dataclass
class _Outcome:
    orders: Sequence[DemoOrder]
    missing: Mapping[str, str]


async def run_demo(
    demo: Demo,
    settings: Settings,
    listening: socket,
    screen: Screen,
) -> int:
    """Run a demo on a listening socket; returns the exit code: 1 with `once` where an order did not reach its end, else 0.

    Raises:
        BrokenPlugin: the demo plugin is not installed.
        DatabaseNotReady, Refused: the database cannot be used for a demo.
    """
    app = create_app(settings)
    house: House = app.state.house
    plans = order_plans(demo.orders)
    token = await prepare(settings, plans)
    stop = asyncio.Event()
    with _stopped_by_signals(stop):
        async with (
            _serving(make_server(settings, app, house.stopping), listening),
            Api(f"{demo.address}/graphql", token) as api,
        ):
            return await _Run(demo, settings, house, api, screen, stop).live(token)


class _Run:
    def __init__(
        self, demo: Demo, settings: Settings, house: House, api: Api, screen: Screen, stop: asyncio.Event
    ) -> None:
        self._demo = demo
        self._settings = settings
        self._house = house
        self._api = api
        self._screen = screen
        self._stop = stop
        self._started_at = now()
        self._plans = order_plans(demo.orders)
        self._customers = Customers(demo_shop(house.providers), self._plans, demo.speed)
        self._desk = ServiceDesk(api, demo.speed, screen.say)
        self._orders: Sequence[DemoOrder] = ()
        self._people: list[asyncio.Task[None]] = []

    async def live(self, token: str) -> int:
        self._greet(token)
        try:
            await self._start_people()
            outcome = await self._watch()
            await self._tell(outcome)
            if not self._demo.once:
                await self._stay()
        finally:
            await self._send_home()
        return 1 if self._demo.once and outcome.missing else 0

    def _greet(self, token: str) -> None:
        address = self._demo.address
        for line in (
            "Packhouse demo: every partner is simulated, nothing is really sent, paid or mailed.",
            f"GraphiQL   {address}/graphql",
            f"Token      {token}",
            f'           in GraphiQL, under "Headers": {{"Authorization": "Bearer {token}"}}',
            f"Database   {self._settings.database.shown_url}",
            "An example query, for another terminal:",
            f"  curl {address}/graphql -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\",
            f'    -d \'{{"query": "{_EXAMPLE}"}}\'',
            "",
        ):
            self._screen.say(line)

    async def _start_people(self) -> None:
        ids = await location_ids(self._api, [location.code for location in OWN_LOCATIONS])
        self._employ(self._customers.order())
        self._employ(self._desk.work(lambda: self._orders, self._to_return))
        for location_id in ids:
            self._employ(Picker(self._api, location_id, self._demo.speed, self._screen.say).work())

    def _employ(self, work: Coroutine[Any, Any, None]) -> None:
        self._people.append(asyncio.create_task(work))

    async def _send_home(self) -> None:
        for task in self._people:
            task.cancel()
        await asyncio.gather(*self._people, return_exceptions=True)

    async def _watch(self) -> _Outcome:
        """Follow the orders until all have reached their end, nothing changes any more, or somebody stops it."""
        loop = asyncio.get_running_loop()
        stalled_after = max(_LEAST_STALLED_SECONDS, _STALLED_SECONDS / self._demo.speed)
        changed_at, has_link = loop.time(), False
        with self._screen.running():
            while not self._stop.is_set():
                self._check_people()
                seen = await self._own_orders()
                if seen != self._orders:
                    self._orders, changed_at = seen, loop.time()
                self._screen.show(seen)
                has_link = has_link or self._show_link(seen)
                if not self._missing(seen) or loop.time() - changed_at > stalled_after:
                    break
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS / self._demo.speed):
                        await self._stop.wait()
        return _Outcome(self._orders, self._missing(self._orders))

    def _to_return(self) -> frozenset[str]:
        """The numbers of the orders whose customers will send everything back."""
        numbers = self._customers.numbers
        return frozenset(numbers[plan.serial] for plan in self._plans if plan.is_returned and plan.serial in numbers)

    async def _own_orders(self) -> Sequence[DemoOrder]:
        """The orders of this run; another one may have placed some at the same time."""
        numbers = set(self._customers.numbers.values())
        found = await demo_orders(self._api, self._started_at.isoformat())
        return [order for order in found if order.number in numbers]

    def _missing(self, orders: Sequence[DemoOrder]) -> dict[str, str]:
        by_number = {order.number: order for order in orders}
        missing = {}
        for plan in self._plans:
            number = self._customers.numbers.get(plan.serial)
            order = by_number.get(number or "")
            if order is None:
                missing[number or f"order {plan.serial}"] = f"not received from channel {CHANNEL}"
            elif where := order.missing(is_returned=plan.is_returned):
                missing[order.number] = where
        return missing

    def _check_people(self) -> None:
        for task in self._people:
            if task.done() and not task.cancelled():
                error = task.exception()
                if error is not None:
                    raise error

    def _show_link(self, orders: Sequence[DemoOrder]) -> bool:
        shipped = next((order for order in orders if order.tracking_numbers), None)
        if shipped is None:
            return False
        order_id = UUID(GlobalID.from_id(shipped.id).node_id)
        token = sign_tracking_link(self._settings.security, order_id)
        self._screen.say(f"What the customer of {shipped.number} sees: {self._demo.address}/track/{token}")
        return True

    async def _tell(self, outcome: _Outcome) -> None:
        self._screen.show_outcome(outcome.orders)
        self._screen.show_reports(await report_tables(self._house.database, Period(self._started_at)))
        self._screen.show_missing(outcome.missing)
        if not outcome.missing:
            self._screen.say(f"All {len(outcome.orders)} orders reached their end.")

    async def _stay(self) -> None:
        """Keep serving and picking until somebody stops it."""
        if self._stop.is_set():
            return
        self._screen.say(f"The server keeps running at {self._demo.address}: stop it with Ctrl-C.")
        self._screen.say("`packhouse demo --reset` removes everything that the demo made.")
        await self._stop.wait()


@asynccontextmanager
async def _serving(server: Server, listening: socket) -> AsyncIterator[None]:
    """The server answers while the block lasts; signals are the demo's own business.

    Raises:
        NotStarted: its log says why.
    """
    server.capture_signals = _no_signals  # type: ignore[method-assign]  # uvicorn has no option for it
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not server.started:
                if serving.done():
                    raise NotStarted("the server did not start: its log says why")
                await asyncio.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        await serving


@contextmanager
def _no_signals() -> "Iterator[None]":
    yield


@contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> "Iterator[None]":
    """Ctrl-C and SIGTERM set `stop` instead of breaking into the middle of something."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    try:
        for number in numbers:
            loop.add_signal_handler(number, stop.set)
    except NotImplementedError:  # Windows: Ctrl-C interrupts
        yield
        return
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
