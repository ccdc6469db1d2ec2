"""A plugin that keeps failing is paused, and found out about, without holding up the others or losing anything."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from packhouse.events.breaker import Blame, Breaker, blame_of, pause_seconds
from packhouse.events.commands.pause_plugin import PausePlugin, pause_plugin, resume_plugin
from packhouse.events.lane_store import lease_lanes
from packhouse.sdk import (
    Event,
    ProviderAuthFailed,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    QueryUnanswered,
    Refused,
    new_id,
    now,
)
from packhouse.storage import DatabaseLost, UnitOfWork
from packhouse.storage.dialect import read_time


@pytest.mark.parametrize(
    ("error", "blame"),
    [
        (ProviderAuthFailed("no"), Blame.ALL),
        (ProviderRefused("no"), Blame.NONE),
        (ProviderRateLimited("slow", retry_after=1), Blame.NONE),
        (QueryUnanswered("too long"), Blame.NONE),
        (DatabaseLost("down"), Blame.NONE),
        (ProviderUnavailable("down"), Blame.ONE),
        (ProviderInDoubt("perhaps"), Blame.ONE),
        (TimeoutError(), Blame.ONE),
        (KeyError("bug"), Blame.ONE),
    ],
)
def test_what_an_error_says_about_a_plugin(error: Exception, blame: Blame) -> None:
    assert blame_of(error) is blame


def test_only_failures_in_a_row_open_it() -> None:
    breaker = Breaker(3)
    assert [breaker.failed(Blame.ONE, each) for each in "ab"] == [False, False]
    breaker.worked()
    assert [breaker.failed(Blame.ONE, each) for each in "cd"] == [False, False]
    assert not breaker.failed(Blame.NONE, "e")
    assert breaker.failed(Blame.ONE, "f")
    assert not breaker.failed(Blame.ONE, "g"), "it counts anew"


def test_one_delivery_that_fails_for_days_does_not_open_it() -> None:
    breaker = Breaker(2)
    assert not any(breaker.failed(Blame.ONE, "a") for _ in range(200))
    assert breaker.failed(Blame.ONE, "b")


def test_refused_credentials_open_it_at_once() -> None:
    assert Breaker(1000).failed(Blame.ALL, "a")


def test_pauses_grow_to_an_hour() -> None:
    assert [pause_seconds(n) for n in (1, 2, 3, 8, 100)] == [30, 60, 120, 3600, 3600]


class Failing:
    """A hook that fails for the plugin `crm` while `error` is set."""

    def __init__(self) -> None:
        self.error: Exception | None = ProviderUnavailable("down")
        self.calls = 0

    async def __call__(self, code: str, *_: object) -> None:
        if code == "crm":
            self.calls += 1
            if self.error is not None:
                raise self.error


async def test_a_failing_plugin_is_paused_probed_and_goes_on(house: Any, make_plugins: Any) -> None:
    hook = Failing()
    plugins = house.listen(make_plugins(["crm", "mail"], hook))
    house.settings.pause_after, house.settings.batch = 3, 1
    relay = await house.relay()
    for number in range(6):
        await house.happen(number, order_id=new_id())
    await relay.drain()
    assert sorted(plugins.facts("mail")) == list(range(6)), "nobody else waits"
    assert (hook.calls, plugins.facts("crm")) == (3, [])
    ((kind, reason, openings),) = [
        (row["kind"], row["reason"], row["openings"]) for row in await house.rows("SELECT * FROM plugin_pause")
    ]
    assert (kind, reason, openings) == ("breaker", "ProviderUnavailable: down", 1)

    await _end_the_pause(house)
    await house.until_rows("SELECT 1 FROM plugin_pause WHERE openings = 2")
    assert hook.calls == 4, "one delivery found out that it still fails"

    hook.error = None
    await _end_the_pause(house)
    await house.until_delivered(6)
    assert sorted(plugins.facts("crm")) == list(range(6))
    assert await house.rows("SELECT * FROM plugin_pause") == []


async def test_an_order_that_fails_by_itself_holds_up_no_other(house: Any, make_plugins: Any) -> None:
    bad = new_id()

    async def hook(_: str, event: Event, __: object) -> None:
        if event.order_id == bad:
            raise ProviderUnavailable("500 for this address")

    plugins = house.listen(make_plugins(["crm"], hook))
    house.settings.pause_after = 2
    relay = await house.relay()
    await house.happen("bad", order_id=bad)
    for attempts in (1, 2, 3):
        await house.until_rows(f"SELECT 1 FROM delivery WHERE attempts >= {attempts}")
        await house.database.write(house.by, lambda uow: uow.execute("UPDATE lane SET due_at = $1", now()))
    await house.happen("good", order_id=new_id())
    await house.until_delivered(1)
    await relay.drain()
    assert plugins.facts("crm") == ["good"]
    assert await house.rows("SELECT * FROM plugin_pause") == []


async def test_refused_credentials_pause_after_one_attempt(house: Any, make_plugins: Any) -> None:
    hook = Failing()
    hook.error = ProviderAuthFailed("the token was revoked")
    house.listen(make_plugins(["crm"], hook))
    house.settings.batch = 1
    relay = await house.relay()
    for number in range(3):
        await house.happen(number, order_id=new_id())
    await relay.drain()
    assert hook.calls == 1
    (row,) = await house.rows("SELECT reason FROM plugin_pause")
    assert row["reason"] == "ProviderAuthFailed: the token was revoked"


async def test_a_pause_by_hand_holds_until_it_is_ended(house: Any, make_plugins: Any) -> None:
    plugins = house.listen(make_plugins(["crm", "mail"]))
    relay = await house.relay()
    await house.database.write(house.by, lambda uow: pause_plugin(uow, PausePlugin("crm", "moving"), {"crm", "mail"}))
    order_id = new_id()
    await house.happen(1, 2, order_id=order_id)
    await relay.drain()
    assert (plugins.facts("crm"), plugins.facts("mail")) == ([], [1, 2])
    await house.database.write(house.by, lambda uow: resume_plugin(uow, "crm", {"crm"}))
    await house.until_delivered(2)
    assert plugins.facts("crm") == [1, 2]


async def test_pausing_what_is_not_there_changes_nothing(house: Any) -> None:
    with pytest.raises(Refused, match="no loaded plugin crn") as refused:
        await house.database.write(house.by, lambda uow: pause_plugin(uow, PausePlugin("crn"), {"crm"}))
    assert (refused.value.code, refused.value.field) == ("UNKNOWN_PLUGIN", "plugin")
    with pytest.raises(Refused, match="not paused") as refused:
        await house.database.write(house.by, lambda uow: resume_plugin(uow, "crm", {"crm"}))
    assert refused.value.code == "NOT_PAUSED"
    assert await house.rows("SELECT * FROM plugin_pause") == []


async def paused(house: Any, hook: Failing, *orders: UUID) -> Any:
    """A plugin that was paused for failing at its first order, while others wait."""
    house.settings.pause_after, house.settings.batch = 1, 1
    relay = await house.relay()
    await house.happen("first", order_id=orders[0])
    await house.until_rows("SELECT 1 FROM plugin_pause")
    for order_id in orders[1:]:
        await house.happen("other", order_id=order_id)
    await relay.drain()
    assert hook.calls == 1
    house.settings.batch = 20
    return relay


async def pause_of(house: Any) -> tuple[int, float]:
    """How often the breaker has opened in a row, and for how many seconds from now on it is open."""
    (row,) = await house.rows("SELECT openings, until FROM plugin_pause")
    return row["openings"], (read_time(row["until"]) - now()).total_seconds()


@pytest.mark.parametrize(
    ("error", "lowest", "highest"),
    [
        (DatabaseLost("down"), 0, 2),
        (QueryUnanswered("too long"), 50, 120),
        (ProviderRateLimited("slow", retry_after=900), 890, 990),
    ],
)
async def test_a_probe_that_found_out_nothing_keeps_the_pause_as_it_was(
    house: Any, make_plugins: Any, error: Exception, lowest: float, highest: float
) -> None:
    hook = Failing()
    house.listen(make_plugins(["crm"], hook))
    relay = await paused(house, hook, new_id())
    hook.error = error
    await _end_the_pause(house)
    await house.until_rows("SELECT 1 FROM delivery_attempt LIMIT 1 OFFSET 1")
    await relay.stop()
    openings, seconds = await pause_of(house)
    assert openings == 1
    assert lowest - 10 < seconds <= highest
    (row,) = await house.rows("SELECT status, attempts FROM delivery")
    assert (row["status"], row["attempts"]) == ("pending", 1)


async def test_a_slow_probe_is_the_only_one_until_it_has_failed(house: Any, make_plugins: Any) -> None:
    """However often somebody looks for work meanwhile, in whichever process."""
    hook = Failing()
    house.listen(make_plugins(["crm"], hook))
    await paused(house, hook, *(new_id() for _ in range(5)))
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*_: object) -> None:
        hook.calls += 1
        begun.set()
        await go_on.wait()
        raise ProviderUnavailable("still down")

    house.plugins.hook = slow
    await _end_the_pause(house)
    await begun.wait()
    assert await lease_lanes(house.database, "crm", new_id(), limit=20, seconds=5) == []
    assert hook.calls == 2
    go_on.set()
    await house.until_rows("SELECT 1 FROM plugin_pause WHERE openings = 2")
    assert hook.calls == 2
    assert await lease_lanes(house.database, "crm", new_id(), limit=20, seconds=5) == []


async def test_a_probe_that_takes_long_holds_the_pause_while_it_runs(house: Any, make_plugins: Any) -> None:
    hook = Failing()
    plugins = house.listen(make_plugins(["crm"], hook))
    house.settings.lease_seconds = 0.5
    await paused(house, hook, new_id(), new_id())
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*_: object) -> None:
        begun.set()
        await go_on.wait()

    plugins.hook = slow
    await _end_the_pause(house)
    await begun.wait()
    (first,) = await house.rows("SELECT until FROM plugin_pause")

    async def is_held() -> bool:
        (row,) = await house.rows("SELECT until FROM plugin_pause")
        return bool(row["until"] > first["until"])

    await house.eventually(is_held)
    assert plugins.delivered == []
    go_on.set()
    await house.until_delivered(2)


async def test_two_workers_take_one_probe(house: Any, make_plugins: Any) -> None:
    hook = Failing()
    house.listen(make_plugins(["crm"], hook))
    relay = await paused(house, hook, *(new_id() for _ in range(5)))
    await relay.stop()
    await _end_the_pause(house)
    leases = [lease_lanes(house.database, "crm", new_id(), limit=20, seconds=5) for _ in range(4)]
    taken = [lane for lanes in await asyncio.gather(*leases) for lane in lanes]
    assert [(lane.probe, len(lane.deliveries)) for lane in taken] == [(True, 1)]


async def test_a_probe_that_was_interrupted_is_made_by_the_next_worker_at_once(house: Any, make_plugins: Any) -> None:
    hook = Failing()
    plugins = house.listen(make_plugins(["crm"], hook))
    relay = await paused(house, hook, new_id())
    begun = asyncio.Event()

    async def endless(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    plugins.hook = endless
    await _end_the_pause(house)
    await begun.wait()
    await relay.stop(grace_seconds=0)
    openings, seconds = await pause_of(house)
    assert openings == 1
    assert seconds <= 0
    plugins.hook = None
    await house.relay()
    await house.until_delivered(1)
    await house.until_gone("SELECT 1 FROM plugin_pause")


async def test_what_is_paused_is_not_given_up(house: Any, make_plugins: Any) -> None:
    hook = Failing()
    house.listen(make_plugins(["crm"], hook))
    await paused(house, hook, new_id())
    long_ago = now() - timedelta(days=100)
    await house.database.write(
        house.by, lambda uow: uow.execute("UPDATE delivery SET failing_since = $1, attempts = 500", long_ago)
    )
    await _end_the_pause(house)
    await house.until_rows("SELECT 1 FROM plugin_pause WHERE openings = 2")
    (row,) = await house.rows("SELECT status, attempts FROM delivery")
    assert (row["status"], row["attempts"]) == ("pending", 501)


async def _end_the_pause(house: Any) -> None:
    past = now() - timedelta(seconds=1)

    async def end(uow: UnitOfWork) -> None:
        await uow.execute("UPDATE lane SET due_at = $1", past)
        await uow.execute("UPDATE plugin_pause SET until = $1", past)

    await house.database.write(house.by, end)
