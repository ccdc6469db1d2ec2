"""One version of a plugin, in a process of its own."""

import asyncio
import os
import sys
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from packhouse.hooks.tables import PluginTable, Secrets
from packhouse.sdk import CustomerSnapshot, Event, EventType, InvalidValue, OrderSnapshot, PackhouseError
from packhouse.shadow.asking import Asking
from packhouse.shadow.calls import ShadowCall
from packhouse.shadow.talking import CUSTOMER, EVENT, LONGEST_LINE, ORDER, Ended, Message, read, written

GROUP = "packhouse.plugins"
_STOP_SECONDS = 10.0


class ShadowFailed(PackhouseError):
    """A version of a plugin cannot be run: it does not load, or its process ended."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a version is: `plugin` is `module:Class`, `folder` what comes first on the path (empty: it is installed)."""

    plugin: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions: where it is, and its settings as the host would read them."""

    source: Source
    table: PluginTable = field(default_factory=PluginTable)
    secrets: Secrets = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a version did about an event: the calls that it would have made, its error, its answer, and what it would keep."""

    calls: tuple[ShadowCall, ...] = ()
    error: str = ""
    gave: Any = None
    kept: Mapping[str, str | None] | None = None

    def same_as(self, other: "Outcome") -> bool:
        """Whether both would do and say the same; side by side calls may come in any order."""
        ours, theirs = (sorted(call.compared for call in each.calls) for each in (self, other))
        return ours == theirs and (self.error, self.gave) == (other.error, other.gave)


Ask = Callable[[Message], Awaitable[Any]]
"""Answers a question of the plugin: state or a query. Raises QueryRefused."""


def source_of(text: str, code: str) -> Source:
    """What `--new` names: `module:Class`, or the folder of a distribution with the plugin.

    Raises:
        InvalidValue: it is neither.
    """
    file = Path(text) / "pyproject.toml"
    if not file.is_file():
        module, _, name = text.partition(":")
        if not module or not name.isidentifier():
            raise InvalidValue("new", f"{text!r} is neither module:Class nor a folder with a pyproject.toml")
        return Source(text, os.getcwd())  # noqa: PTH109  (a text for another process)
    try:
        points = tomllib.loads(file.read_text("utf-8"))["project"]["entry-points"][GROUP]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InvalidValue("new", f"{file} has no entry points {GROUP}: {error}") from None
    if code not in points:
        raise InvalidValue("new", f"{file} has no plugin {code} (it has {', '.join(points)})")
    return Source(str(points[code]), str(Path(text).resolve()))


class Version:
    """A running version. Made by `start`; a context that ends its process."""

    def __init__(self, process: asyncio.subprocess.Process, ask: Ask, loaded: Message, *, alone: bool) -> None:
        self._process = process
        self._ask = ask
        self.code: str = loaded["code"]
        self.version: str = loaded["version"]
        self.is_alone = alone
        self._wants = frozenset(map(EventType, loaded["wants"]))
        self._recipients: Mapping[str, list[str] | None] | None = loaded["recipients"]
        self._providers: Mapping[str, list[str]] = loaded["providers"]

    @classmethod
    async def start(
        cls,
        side: Side,
        ask: Ask,
        *,
        answers: Path | None = None,
        seconds: float = 30.0,
        isolate: bool = True,
    ) -> Self:
        """Start a process and load the plugin in it. `seconds` a hook may take; `isolate` takes the network away, where Linux lets us.

        Raises:
            ShadowFailed: the plugin does not load, or does not start.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "packhouse.shadow.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        begin = {
            "plugin": side.source.plugin,
            "folder": side.source.folder,
            "settings": dict(side.table.values),
            "sources": dict(side.table.sources),
            "secrets": {name: secret and secret.get_secret_value() for name, secret in side.secrets.items()},
            "answers": str(answers or ""),
            "seconds": seconds,
            "isolate": isolate,
        }
        try:
            message = await _talk(process, ask, begin)
        except BaseException:
            await _end(process)
            raise
        if "failed" in message:
            await _end(process)
            raise ShadowFailed(f"{side.source.plugin} does not load: {message['failed']} ({message['at']})")
        return cls(process, ask, message["loaded"], alone=message["alone"])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        await _end(self._process)

    @property
    def types(self) -> frozenset[EventType]:
        """The types of events that it has hooks for."""
        return self._wants

    def recipients_of(self, event_type: EventType) -> list[str]:
        """For whom it wants such an event: itself (the empty name), or recipients of its own."""
        if event_type not in self._wants:
            return []
        if self._recipients is None:
            return [""]
        return [name for name, events in self._recipients.items() if events is None or event_type.value in events]

    async def deliver(
        self, event: Event, recipient: str, order: OrderSnapshot | None, customer: CustomerSnapshot | None
    ) -> Outcome:
        """Hand it an event.

        Raises:
            ShadowFailed: its process ended.
        """
        return await self._act(
            {
                "at": event.occurred_at.isoformat(),
                "event": EVENT.dump_python(event, mode="json"),
                "recipient": recipient,
                "order": ORDER.dump_python(order, mode="json"),
                "customer": CUSTOMER.dump_python(customer, mode="json"),
            }
        )

    @property
    def is_asked(self) -> bool:
        """Whether it has providers that are asked for something about events."""
        return any(self._providers.values())

    def can(self, asking: Asking) -> bool:
        """Whether it has the provider that was asked, and this can do it."""
        return asking.method in self._providers.get(asking.provider, ())

    async def ask(self, asking: Asking, event: Event) -> Outcome:
        """Ask one of its providers what it was asked about an event.

        Raises:
            ShadowFailed: its process ended.
        """
        return await self._act({"at": event.occurred_at.isoformat(), **asking.as_message()})

    async def _act(self, order: Message) -> Outcome:
        message = await _talk(self._process, self._ask, order)
        if "failed" in message:
            raise ShadowFailed(f"{self.code}: {message['failed']} ({message['at']})")
        calls = tuple(ShadowCall(**call) for call in message["done"])
        return Outcome(calls, message["error"], message["gave"], message["kept"])


async def _talk(process: asyncio.subprocess.Process, ask: Ask, order: Message) -> Message:
    """Send an order, answer the questions that come up, and give what comes of it."""
    if process.stdin is None or process.stdout is None:
        raise ShadowFailed("the process has no standard input and output")
    try:
        await _send(process.stdin, order)
        while "ask" in (message := await read(process.stdout)):
            await _send(process.stdin, await _answered(ask, message))
    except (Ended, ConnectionError):
        code = await process.wait()
        raise ShadowFailed(f"the plugin's process ended with code {code}; standard error says why") from None
    return message


async def _answered(ask: Ask, message: Message) -> Message:
    try:
        return {"answer": message["id"], "value": await ask(message)}
    except PackhouseError as error:
        return {"answer": message["id"], "refused": str(error)}


async def _send(writer: asyncio.StreamWriter, message: Message) -> None:
    writer.write(written(message))
    await writer.drain()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let a process end by itself, or end it."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
