"""Takes both versions of a plugin through recorded events, side by side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from packhouse.sdk import Event, InvalidValue
from packhouse.shadow.asking import ASKED, Asking
from packhouse.shadow.overlay import Overlay
from packhouse.shadow.reading import Selection, World
from packhouse.shadow.version import Outcome, Side, Version


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both did about an event: for a recipient, or asked as a provider (`provider.method`); None for a version that does not."""

    event: Event
    order_number: str
    recipient: str
    old: Outcome | None
    new: Outcome | None

    @property
    def is_same(self) -> bool:
        """Whether both would do the same outside."""
        return (self.old or Outcome()).same_as(self.new or Outcome())

    @property
    def is_quiet(self) -> bool:
        """Whether neither would do anything."""
        return self.is_same and not any(each and (each.calls or each.error) for each in (self.old, self.new))


@dataclass(slots=True)
class Summary:
    """How much was compared. `is_isolated`: both processes had no network at all, by the kernel's word."""

    events: int = 0
    same: int = 0
    different: int = 0
    old_calls: int = 0
    new_calls: int = 0
    is_isolated: bool = False

    def count(self, comparison: Comparison) -> None:
        """Take a comparison in."""
        self.events += 1
        self.same += comparison.is_same
        self.different += not comparison.is_same
        self.old_calls += len(comparison.old.calls) if comparison.old else 0
        self.new_calls += len(comparison.new.calls) if comparison.new else 0


class Player:
    """Both versions, running."""

    def __init__(self, world: World, old: Version, new: Version) -> None:
        self._world = world
        self.old = old
        self.new = new

    async def play(self, selection: Selection) -> AsyncIterator[Comparison]:
        """Each event that one of them wants, or was asked something about, in commit order.

        Raises:
            ShadowFailed: a process ended.
        """
        types = self.old.types | self.new.types
        if self.old.is_asked or self.new.is_asked:
            types |= ASKED
        async for event in self._world.events(selection, types):
            order, customer = await self._world.subjects_of(event)
            number = order.number if order else ""
            recipients = dict.fromkeys([*self.old.recipients_of(event.type), *self.new.recipients_of(event.type)])
            for recipient in recipients:
                both = (_outcome(each, event, recipient, order, customer) for each in (self.old, self.new))
                yield Comparison(event, number, recipient, *await asyncio.gather(*both))
            asking = await self._world.asked_about(event, order)
            if asking is not None and (self.old.can(asking) or self.new.can(asking)):
                both = (_asked(each, asking, event) for each in (self.old, self.new))
                yield Comparison(event, number, asking.name, *await asyncio.gather(*both))


async def _asked(version: Version, asking: Asking, event: Event) -> Outcome | None:
    return await version.ask(asking, event) if version.can(asking) else None


async def _outcome(version: Version, event: Event, recipient: str, *subjects: Any) -> Outcome | None:
    if recipient not in version.recipients_of(event.type):
        return None
    return await version.deliver(event, recipient, *subjects)


@asynccontextmanager
async def both_versions(
    world: World,
    code: str,
    old: Side,
    new: Side,
    *,
    answers: Path | None = None,
    seconds: float = 30.0,
    empty_state: bool = False,
    isolate: bool = True,
) -> AsyncIterator[Player]:
    """Start both versions; they end with the block, and what they kept is gone.

    Raises:
        ShadowFailed: one of them does not load.
        InvalidValue: the new one is another plugin.
    """
    async with AsyncExitStack() as stack:
        versions = []
        for side in (old, new):
            overlay = stack.enter_context(Overlay())
            ask = partial(world.answer, code, overlay, empty=empty_state)
            versions.append(
                await stack.enter_async_context(
                    await Version.start(side, ask, answers=answers, seconds=seconds, isolate=isolate)
                )
            )
        for version in versions:
            if version.code != code:
                raise InvalidValue("new", f"it is the plugin {version.code}, not {code}")
        yield Player(world, *versions)
