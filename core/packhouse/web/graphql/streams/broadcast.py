"""One execution for all who subscribed to the same: each event is executed and made into text once."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from packhouse.web.graphql.streams.mailbox import Allowance, Mailbox
from packhouse.web.graphql.streams.message import Message, Send

RECENT_MESSAGES = 64
RECENT_CHARACTERS = 65_536
_SLICE = 200

Execute = Callable[[Send], Awaitable[list[dict[str, Any]]]]


class Broadcast:
    """Runs while it has subscribers. `execute` sends the results behind `position` and returns the errors that ended it.

    The newest messages are kept, so that who comes back after a moment needs no execution of its own.
    """

    def __init__(self, position: int, execute: Execute, on_end: Callable[["Broadcast"], None]) -> None:
        self.position = position
        self._kept_after = position
        self._execute = execute
        self._on_end = on_end
        self._recent: deque[Message] = deque()
        self._recent_size = 0
        self._members: set[Mailbox] = set()
        # not in the context of whoever came first: it goes on when that one has left
        self._task = asyncio.create_task(self._run(), name="broadcast", context=contextvars.Context())

    def covers(self, after: int) -> bool:
        """Whether a subscriber who knows everything up to a position misses nothing from here on."""
        return after >= self._kept_after

    async def serve(self, after: int, send: Send, allowance: Allowance) -> Mailbox:
        """Send what came after a position until it ends; the mailbox says how. Call it where `covers` is true."""
        mailbox = Mailbox(after, allowance)
        for message in self._recent:
            mailbox.put(message)
        self._members.add(mailbox)
        try:
            while await mailbox.more():
                while (next_one := mailbox.take()) is not None:
                    await send(next_one)
            return mailbox
        finally:
            mailbox.close()
            self._leave(mailbox)

    def _leave(self, mailbox: Mailbox) -> None:
        self._members.discard(mailbox)
        if not self._members:
            self._on_end(self)
            self._task.cancel()

    async def _run(self) -> None:
        errors: list[dict[str, Any]] = []
        try:
            errors = await self._execute(self._publish)
        finally:
            self._on_end(self)
            for mailbox in self._members:
                mailbox.end(errors)

    async def _publish(self, message: Message) -> None:
        self._keep(message)
        members = list(self._members)
        for start in range(0, len(members), _SLICE):
            for mailbox in members[start : start + _SLICE]:
                mailbox.put(message)
            # they take it before others are told, and before the next message: who is fast has nothing waiting
            await asyncio.sleep(0)

    def _keep(self, message: Message) -> None:
        self.position = message.position
        self._recent.append(message)
        self._recent_size += len(message.text)
        while len(self._recent) > RECENT_MESSAGES or self._recent_size > RECENT_CHARACTERS:
            oldest = self._recent.popleft()
            self._recent_size -= len(oldest.text)
            self._kept_after = oldest.position
