"""A channel that is told its stock shows the newest numbers, and has an answer for each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from packhouse.sdk import PushedStock, ShownStock, ShowsStock, StockPush
from packhouse.testing.conformance.kit import Kit, Look, Rule
from packhouse.testing.conformance.running import Running
from packhouse.testing.conformance.subject import Operation
from packhouse.testing.conformance.trials import Ending, Trial, attempt, try_once
from packhouse.testing.conformance.vendor import Vendor

_PUSH = "push_stock"


@dataclass
class Told:
    """Two pushes, one after the other: what was asked for, how each ended, and the numbers that were set."""

    operation: Operation
    pushes: list[StockPush] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    numbers: list[Mapping[str, int]] = field(default_factory=list)


async def _outcomes(kit: Kit) -> Look:
    look = Look("it is not told any stock")
    for told in await _told(kit):
        for push, ending in zip(told.pushes, told.endings, strict=True):
            look.see(_answered(told.operation, push, ending))
    return look


async def _numbers(kit: Kit) -> Look:
    look = Look("it is not told any stock, or nobody can see which numbers it sets")
    for told in await _told(kit):
        for push, ending, numbers in zip(told.pushes, told.endings, told.numbers, strict=False):
            look.see(_shown(told.operation, push, ending, numbers))
    return look


def _answered(operation: Operation, push: StockPush, ending: Ending) -> str | None:
    if ending.error is not None:
        return f"{operation}: {ending}"
    answers = _answers(ending)
    asked = sorted(item.channel_sku for item in push.items)
    answered = sorted(each.channel_sku for each in answers)
    return None if asked == answered else f"{operation}: of {', '.join(asked)} it answered for {', '.join(answered)}"


def _shown(operation: Operation, push: StockPush, ending: Ending, numbers: Mapping[str, int]) -> str | None:
    refused = {each.channel_sku for each in _answers(ending) if each.problem}
    for item in push.items:
        number = numbers.get(item.channel_sku)
        if item.channel_sku not in refused and number is not None and number != item.quantity:
            return f"{operation}: {item.channel_sku} was to show {item.quantity}, and shows {number}"
    return None


def _answers(ending: Ending) -> Sequence[PushedStock]:
    found = ending.result if isinstance(ending.result, list) else []
    return [each for each in found if isinstance(each, PushedStock)]


async def _told(kit: Kit) -> list[Told]:
    """What came of each push of the subject, and of one with other numbers after it."""
    found = []
    for probe in await kit.probes():
        operation = probe.operation
        push = next((each for each in operation.arguments if isinstance(each, StockPush)), None)
        if operation.name == _PUSH and push is not None:
            found.append(await _push_twice(kit, operation, push))
    return found


async def _push_twice(kit: Kit, operation: Operation, push: StockPush) -> Told:
    newer = replace(
        push,
        idempotency_key=f"{push.idempotency_key}-newer",
        items=tuple(replace(item, quantity=item.quantity + 1) for item in push.items),
    )
    told = Told(operation, [push, newer])

    async def again(plugin: Running, vendor: Vendor, trial: Trial) -> None:
        told.endings.append(trial.first)
        await _see(told, plugin, vendor, push)
        other = replace(operation, arguments=(newer,))
        told.endings.append(await attempt(lambda: plugin.do(other)))
        await _see(told, plugin, vendor, newer)

    await try_once(kit.subject, operation, then=again)
    return told


async def _see(told: Told, plugin: Running, vendor: Vendor, push: StockPush) -> None:
    """The numbers as the vendor was asked to set them, or as a channel without any vendor shows them."""
    numbers: dict[str, int] = {}
    for exchange, asked in vendor.asked:
        if exchange.sets is not None:
            numbers |= exchange.sets(asked)
    provider: Any = plugin.provider(told.operation)
    if not vendor.exchanges and isinstance(provider, ShowsStock):
        shown = await attempt(lambda: provider.shown_stock(push.items))
        if isinstance(shown.result, list):
            numbers = {each.channel_sku: each.quantity for each in shown.result if isinstance(each, ShownStock)}
    told.numbers.append(numbers)


RULES = (
    Rule("stock-outcomes", "Each number that it is told has an answer of its own", _outcomes),
    Rule("stock-numbers", "It shows the newest number that it was told, and no sum or difference", _numbers),
)
