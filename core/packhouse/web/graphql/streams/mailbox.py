"""What waits for one client: bounded, so that a slow one costs no more than a fast one."""

import asyncio
from dataclasses import dataclass
from typing import Any

from packhouse.web.graphql.streams.message import Message

MOST_MESSAGES = 256
MOST_CHARACTERS = 1_048_576


@dataclass(slots=True)
class Allowance:
    """How much may wait for one client in all its mailboxes together."""

    most: int = MOST_CHARACTERS
    used: int = 0


class Mailbox:
    """Messages behind a position, in their order, until they are taken. One that is too full is emptied, and ends lagged."""

    def __init__(self, after: int, allowance: Allowance, most: int = MOST_MESSAGES) -> None:
        self.after = after
        self.has_lagged = False
        self.errors: list[dict[str, Any]] = []
        self._allowance = allowance
        self._most = most
        # no deque: an empty one takes 700 bytes, and nearly all are empty nearly always
        self._messages: list[Message] = []
        self._waiting: asyncio.Future[bool] | None = None
        self._loop = asyncio.get_running_loop()
        self._ended = False

    def put(self, message: Message) -> None:
        """Add a message, unless the client has it already."""
        if self._ended or message.position <= self.after:
            return
        size = len(message.text)
        # the first one always fits: it may be larger than what may wait
        if self._messages and (len(self._messages) >= self._most or self._allowance.used + size > self._allowance.most):
            self.close()
            self.has_lagged = True
            return
        self._messages.append(message)
        self._allowance.used += size
        self._wake()

    def end(self, errors: list[dict[str, Any]]) -> None:
        """Nothing will come any more: what is there can still be taken."""
        self.errors = errors
        self._ended = True
        self._wake()

    def close(self) -> None:
        """Throw away what is there; nothing will come any more."""
        self._allowance.used -= sum(len(message.text) for message in self._messages)
        self._messages.clear()
        self._ended = True
        self._wake()

    def take(self) -> Message | None:
        """The next message, if there is one."""
        if not self._messages:
            return None
        message = self._messages.pop(0)
        self._allowance.used -= len(message.text)
        self.after = message.position
        return message

    def more(self) -> "asyncio.Future[bool]":
        """Wait for what comes next, where nothing is there; false where nothing will come any more."""
        self._waiting = waiting = self._loop.create_future()
        if self._messages or self._ended:
            waiting.set_result(bool(self._messages))
        return waiting

    def _wake(self) -> None:
        waiting = self._waiting
        if waiting is not None and not waiting.done():
            waiting.set_result(bool(self._messages))
