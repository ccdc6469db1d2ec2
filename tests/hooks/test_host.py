import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from packhouse.hooks import NotStarted, PluginHost
from packhouse.hooks.handover import Handover
from packhouse.sdk import (
    CustomerSnapshot,
    Event,
    EventType,
    Facts,
    Money,
    Objection,
    OrderSnapshot,
    PluginContext,
    PluginManifest,
    Verdict,
    hookimpl,
    new_id,
    now,
)


@dataclass
class Choices:
    enabled: list[str] | None = None
    disabled: list[str] = field(default_factory=list)
    strict: bool = False
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)


class Named:
    def __init__(self, code: str = "named") -> None:
        self.code = code
        self.seen: list[Any] = []

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest(self.code, self.code.title(), "1.0")


def order() -> OrderSnapshot:
    return OrderSnapshot(new_id(), "1001", "shop", "", "pending", "GBP", Money.of("12.50", "GBP"), now())


def event(event_type: EventType = EventType.ORDER_PLACED) -> Event:
    return Event(new_id(), event_type, 1, now())


def load(*plugins: object, **options: Any) -> PluginHost:
    return PluginHost.load(Choices(), plugins, installed=(), **options)


def to(plugin: str, event: Event, order: OrderSnapshot | None) -> tuple[Event, OrderSnapshot | None, Handover]:
    return event, order, Handover(plugin, event.id)


class Listener(Named):
    @hookimpl
    async def order_placed(self, event: Event) -> None:
        self.seen.append(("order_placed", event))

    @hookimpl
    async def order_held(self, context: PluginContext, order: OrderSnapshot | None, event: Event) -> None:
        self.seen.append((context.code, order, event))


class Recorder(Named):
    @hookimpl
    async def event_recorded(self, event: Event, order: OrderSnapshot | None) -> None:
        self.seen.append(("event_recorded", event, order))


class Consents(Named):
    @hookimpl
    async def consent_changed(self, customer: CustomerSnapshot | None, event: Event) -> None:
        self.seen.append((customer, event))


async def test_a_hook_that_asks_for_the_customer_gets_it() -> None:
    one, two = Consents("one"), Recorder("two")
    host = load(one, two)
    assert (
        host.wants_customer("one", EventType.CONSENT_CHANGED),
        host.wants_order("one", EventType.CONSENT_CHANGED),
    ) == (
        True,
        False,
    )
    assert not host.wants_customer("two", EventType.CONSENT_CHANGED)
    changed, customer = event(EventType.CONSENT_CHANGED), CustomerSnapshot(new_id(), "buyer@example.com")
    await host.deliver(*to("one", changed, None), customer)
    await host.deliver(*to("two", changed, None), customer)
    assert one.seen == [(customer, changed)]
    assert two.seen == [("event_recorded", changed, None)]


def test_listeners_are_those_that_implement_the_hook() -> None:
    host = load(Listener("one"), Recorder("two"))
    assert host.listeners[EventType.ORDER_PLACED] == ("one", "two")
    assert host.listeners[EventType.ORDER_CANCELLED] == ("two",)
    assert set(host.listeners) == set(EventType)


async def test_an_event_goes_to_one_plugin_with_the_arguments_it_asks_for() -> None:
    one, two = Listener("one"), Recorder("two")
    host = load(one, two)
    placed, held, snapshot = event(), event(EventType.ORDER_HELD), order()
    await host.deliver(*to("one", placed, snapshot))
    await host.deliver(*to("one", held, snapshot))
    assert one.seen == [("order_placed", placed), ("one", snapshot, held)]
    assert two.seen == []


async def test_a_plugin_with_both_hooks_gets_an_event_by_both() -> None:
    class Both(Listener, Recorder): ...

    plugin = Both()
    await load(plugin).deliver(*to("named", event(), None))
    assert [entry[0] for entry in plugin.seen] == ["order_placed", "event_recorded"]


async def test_an_event_that_a_plugin_no_longer_wants_is_delivered_by_doing_nothing() -> None:
    await load(Named()).deliver(*to("named", event(), None))
    await load().deliver(*to("gone", event(), None))


async def test_a_hook_that_takes_too_long_is_interrupted() -> None:
    class Slow(Named):
        @hookimpl
        async def order_placed(self) -> None:
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await load(Slow(), hook_timeout=0.01).deliver(*to("named", event(), None))


class Gatherer(Named):
    def __init__(self, code: str, facts: Any, seconds: float = 0) -> None:
        super().__init__(code)
        self.facts = facts
        self.seconds = seconds

    @hookimpl
    async def gather_order_facts(self, order: OrderSnapshot) -> Facts:
        await asyncio.sleep(self.seconds)
        if isinstance(self.facts, Exception):
            raise self.facts
        self.seen.append(order)
        return self.facts  # type: ignore[no-any-return]  # tests answer wrongly on purpose

    @hookimpl
    def check_order(self, order: OrderSnapshot, facts: Facts) -> Objection | None:
        self.seen.append((order.number, dict(facts.values)))
        return None


async def test_facts_are_gathered_side_by_side_and_late_or_wrong_ones_are_missing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    plugins = [
        Gatherer("good", Facts({"score": 3}), 0.05),
        Gatherer("too", Facts({"score": 5}), 0.05),
        Gatherer("late", Facts({}), 60),
        Gatherer("failing", ValueError("no")),
        Gatherer("odd", {"score": 1}),
    ]
    host = load(*plugins, facts_deadline=0.2)
    started = asyncio.get_running_loop().time()
    facts = await host.gather_order_facts(order())
    assert asyncio.get_running_loop().time() - started < 2
    assert facts == {"good": Facts({"score": 3}), "too": Facts({"score": 5})}
    assert len(caplog.records) == 3


async def test_without_anybody_to_ask_there_are_no_facts() -> None:
    assert await load(Named()).gather_order_facts(order()) == {}


def test_each_check_sees_its_own_facts() -> None:
    one, two = Gatherer("one", None), Gatherer("two", None)
    assert load(one, two).check("check_order", order(), {"one": Facts({"score": 9})}) == []
    assert one.seen == [("1001", {"score": 9})]
    assert two.seen == [("1001", {})]


class Objector(Named):
    def __init__(self, code: str, answer: Any) -> None:
        super().__init__(code)
        self.answer = answer

    def _say(self) -> Objection | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[no-any-return]  # tests answer wrongly on purpose

    @hookimpl
    def check_order(self) -> Objection | None:
        return self._say()

    @hookimpl
    def check_cancellation(self) -> Objection | None:
        return self._say()

    @hookimpl
    def check_release(self) -> Objection | None:
        return self._say()


def test_objections_are_collected_from_all() -> None:
    refusal = Objection(Verdict.REFUSE, "BLOCKED", "The customer is blocked.")
    hold = Objection(Verdict.HOLD, "FRAUD", "The score is high.")
    host = load(Objector("one", refusal), Objector("two", None), Objector("three", hold))
    assert host.check("check_order", order()) == [("one", refusal), ("three", hold)]


@pytest.mark.parametrize("answer", [ValueError("secret of the plugin"), "no", False])
@pytest.mark.parametrize(
    ("hook", "verdict"),
    [
        ("check_order", Verdict.HOLD),
        ("check_cancellation", Verdict.REFUSE),
        ("check_release", Verdict.REFUSE),
    ],
)
def test_a_check_that_fails_never_lets_pass(hook: str, verdict: Verdict, answer: Any) -> None:
    hold = Objection(Verdict.HOLD, "FRAUD", "The score is high.")
    ((failing, objection), other) = load(Objector("one", answer), Objector("two", hold)).check(hook, order())
    assert (failing, objection.verdict, objection.code) == ("one", verdict, "CHECK_FAILED")
    assert "secret" not in objection.message
    assert other == ("two", hold)


class Starter(Named):
    def __init__(self, code: str, error: Exception | None = None) -> None:
        super().__init__(code)
        self.error = error

    @hookimpl
    async def startup(self, context: PluginContext) -> None:
        if self.error:
            raise self.error
        self.seen.append(context.http)

    @hookimpl
    async def shutdown(self, context: PluginContext) -> None:
        self.seen.append(context.http.closed)


async def test_plugins_start_and_stop_by_themselves_with_http_open(caplog: pytest.LogCaptureFixture) -> None:
    good, bad = Starter("good"), Starter("bad", ValueError("no key"))
    host = load(bad, good)
    await host.startup()
    assert host.failed_startups == {"bad": "ValueError: no key"}
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    (session,) = good.seen
    assert isinstance(session, aiohttp.ClientSession)
    assert session.timeout.total == 30
    await host.shutdown()
    assert good.seen[1:] == [False]
    assert session.closed


async def test_http_outside_the_servers_life_is_a_clear_error() -> None:
    class Early(Named):
        @hookimpl
        async def order_placed(self, context: PluginContext) -> None:
            assert context.http

    host = load(Early())
    with pytest.raises(NotStarted, match="from startup to shutdown only"):
        await host.deliver(*to("named", event(), None))
    await host.startup()
    await host.deliver(*to("named", event(), None))
    await host.shutdown()
    with pytest.raises(NotStarted):
        await host.deliver(*to("named", event(), None))


async def test_two_hosts_share_nothing() -> None:
    one, two = load(Listener("one")), load(Listener("two"))
    assert [plugin.code for plugin in one.plugins] == ["one"]
    assert [plugin.code for plugin in two.plugins] == ["two"]
