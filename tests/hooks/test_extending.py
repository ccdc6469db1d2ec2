"""What plugins say about orders: asked once for all of them, each by itself."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.hooks.test_host import Named, load, order

from packhouse.hooks.extending import LONGEST, Extension
from packhouse.sdk import OrderSnapshot, PluginContext, hookimpl


class Extending(Named):
    def __init__(self, code: str, say: Callable[[Sequence[OrderSnapshot]], Any]) -> None:
        super().__init__(code)
        self.say = say

    @hookimpl
    async def order_extensions(self, orders: Sequence[OrderSnapshot], context: PluginContext) -> Any:
        self.seen.append((context.code, len(orders)))
        answer = self.say(orders)
        return await answer if asyncio.iscoroutine(answer) else answer


async def never() -> None:
    await asyncio.Event().wait()


def broken(_: Sequence[OrderSnapshot]) -> None:
    raise ValueError("the password is hunter2")


async def test_each_says_what_it_knows_and_is_asked_once() -> None:
    first, second = order(), order()
    crm = Extending("crm", lambda orders: {each.id: {"segment": "vip"} for each in orders})
    erp = Extending("erp", lambda _: {second.id: {"invoice": 7}, "nobody": {}})
    host = load(crm, erp, Named())
    assert host.extends_orders
    assert await host.order_extensions([first, second]) == {
        first.id: [Extension("crm", {"segment": "vip"})],
        second.id: [Extension("crm", {"segment": "vip"}), Extension("erp", {"invoice": 7})],
    }
    assert (crm.seen, erp.seen) == ([("crm", 2)], [("erp", 2)])


def test_nobody_is_asked_where_nobody_knows_anything() -> None:
    assert not load(Named()).extends_orders


@pytest.mark.parametrize(
    ("say", "problem"),
    [
        (lambda _: never(), "it did not answer within 0.01 s"),
        (broken, "it failed; the log says why"),
        (lambda _: [], "its answer is not as it has to be"),
        (lambda orders: {orders[0].id: ["a", "list"]}, "its answer is not as it has to be"),
        (lambda orders: {orders[0].id: {"a": object()}}, "its answer is not JSON"),
        (lambda orders: {orders[0].id: {"a": float("nan")}}, "its answer is not JSON"),
        (lambda orders: {orders[0].id: {"a": "x" * LONGEST}}, f"its answer is longer than {LONGEST} bytes"),
    ],
)
async def test_one_that_cannot_say_stops_nobody(say: Any, problem: str) -> None:
    snapshot = order()
    fine = Extending("fine", lambda _: {snapshot.id: {"a": 1}})
    found = await load(Extending("broken", say), fine, facts_deadline=0.01).order_extensions([snapshot])
    assert found == {snapshot.id: [Extension("broken", None, problem), Extension("fine", {"a": 1})]}
