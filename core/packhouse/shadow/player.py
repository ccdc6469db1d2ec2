"""Takes both versions of a plugin through recorded events, side by side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from packhouse.sdk import Event, InvalidValue
from packhouse.shadow.overlay import Overlay
from packhouse.shadow.reading import Selection, World
from packhouse.shadow.version import Outcome, Side, Version


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both did about an event for one recipient; None for a version that did not want it."""

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
        return all(each is None or (not each.calls and not each.error) for each in (self.old, self.new))


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
        """Each event that one of them wants, in commit order.

        Raises:
            ShadowFailed: a process ended.
        """
        async for event in self._world.events(selection, self.old.types | self.new.types):
            order, customer = await self._world.subjects_of(event)
            recipients = dict.fromkeys([*self.old.recipients_of(event.type), *self.new.recipients_of(event.type)])
            for recipient in recipients:
                old, new = await asyncio.gather(
                    *(_outcome(each, event, recipient, order, customer) for each in (self.old, self.new))
                )
                yield Comparison(event, order.number if order else "", recipient, old, new)


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
