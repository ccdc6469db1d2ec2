"""The process that one version of a plugin runs in: `python -m packhouse.shadow.worker`, led by messages on its standard input."""

import asyncio
import importlib
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
from pydantic import SecretStr

from packhouse import sdk
from packhouse.hooks.alone import LonePlugin, Registration
from packhouse.hooks.errors import NotStarted
from packhouse.hooks.handover import Changes, Handover
from packhouse.hooks.state import DeliveryState, OwnState, StateTable, no_database
from packhouse.hooks.tables import PluginTable
from packhouse.sdk import EventType, PluginState, QueryRefused, fact_id, values
from packhouse.shadow.answers import answers_of
from packhouse.shadow.calls import Redaction
from packhouse.shadow.guard import leave_network, refuse_network
from packhouse.shadow.recording import Recorder, record_everything
from packhouse.shadow.talking import (
    CUSTOMER,
    EVENT,
    LONGEST_LINE,
    METHODS,
    ORDER,
    Ended,
    Message,
    read,
    request_of,
    written,
)

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)


class Line:
    """The connection to the process that leads."""

    def __init__(self, reader: asyncio.StreamReader, out: int) -> None:
        self._reader = reader
        self._out = out
        self._asked: dict[int, asyncio.Future[Message]] = {}
        self._orders: asyncio.Queue[Message | None] = asyncio.Queue()

    async def listen(self) -> None:
        """Hand out what comes in, until the other end goes."""
        try:
            while True:
                message = await read(self._reader)
                if "answer" in message:
                    self._asked.pop(message["answer"]).set_result(message)
                else:
                    self._orders.put_nowait(message)
        except Ended:
            self._orders.put_nowait(None)

    async def order(self) -> Message | None:
        """What is to be done next; None when that was all."""
        return await self._orders.get()

    async def ask(self, about: str, **details: Any) -> Any:  # noqa: ANN401  (each question has its own answer)
        """Ask for something that only the other process can reach.

        Raises:
            QueryRefused: a query was refused.
        """
        number = max(self._asked, default=0) + 1
        self._asked[number] = asyncio.get_running_loop().create_future()
        self.tell({"ask": about, "id": number, **details})
        message = await self._asked[number]
        if "refused" in message:
            raise QueryRefused(message["refused"])
        return message.get("value")

    def tell(self, message: Message) -> None:
        """Send a message."""
        line = written(message)
        while line:
            line = line[os.write(self._out, line) :]


class FarTable(StateTable):
    """What the plugin keeps, as the other process knows it."""

    def __init__(self, address: str, line: Line) -> None:
        super().__init__(address, no_database)
        self._address = address
        self._line = line

    async def read(self, key: str) -> str | None:
        """The JSON of a key."""
        found = await self._line.ask("read", address=self._address, key=key)
        return found if isinstance(found, str) else None

    async def page(self, prefix: str, after: str, limit: int) -> list[tuple[str, str]]:
        """Keys with their JSON, sorted."""
        found = await self._line.ask("page", address=self._address, prefix=prefix, after=after, limit=limit)
        return [(key, value) for key, value in found]

    async def write(self, changes: Changes) -> None:
        """Keep changes, for the time of this run."""
        await self._line.ask("write", address=self._address, changes=dict(changes))


@dataclass(frozen=True, slots=True)
class ShadowContext:
    """A `PluginContext` whose HTTP session is written down, and whose store forgets everything in the end."""

    code: str
    settings: Any
    log: logging.Logger
    line: Line
    sessions: list[aiohttp.ClientSession] = field(default_factory=list)
    recipient: str = ""
    handover: Handover | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """The session.

        Raises:
            NotStarted: it is asked for while registering.
        """
        if not self.sessions:
            raise NotStarted(
                "context.http is open from startup to shutdown only: use it in hooks, not while registering"
            )
        return self.sessions[0]

    @property
    def table(self) -> FarTable:
        """What the plugin, or this recipient of it, keeps."""
        return FarTable(f"{self.code}/{self.recipient}" if self.recipient else self.code, self.line)

    @property
    def state(self) -> PluginState:
        """The plugin's own store."""
        return OwnState(self.table) if self.handover is None else DeliveryState(self.table, self.handover)

    @property
    def idempotency_key(self) -> str:
        """The same as when the event was delivered."""
        return "" if self.handover is None else self.handover.idempotency_key

    def answered(self, text: str) -> None:
        """What the other side answered, for the attempt."""
        if self.handover is not None:
            self.handover.answer = text

    async def query(self, document: str, variables: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The data of a GraphQL query, answered by the other process.

        Raises:
            QueryRefused: as in the host.
        """
        found: Mapping[str, Any] = await self.line.ask("query", document=document, variables=dict(variables or {}))
        return found


class Clock:
    """Stands still at the moment of the event, and counts ids, so that two versions of a plugin see the same world."""

    def __init__(self) -> None:
        self.at = values.now()
        self._made = 0

    def stop_at(self, moment: datetime) -> None:
        """A new event."""
        self.at, self._made = moment, 0

    def now(self) -> datetime:
        """Instead of the SDK's."""
        return self.at

    def new_id(self) -> UUID:
        """Instead of the SDK's."""
        self._made += 1
        return fact_id("shadow", self.at.isoformat(), self._made)

    def rule(self) -> None:
        """Take the place of the SDK's functions; before the plugin is imported."""
        for module in (sdk, values):
            setattr(module, "now", self.now)  # noqa: B010  (a function is replaced, which type checkers forbid to see)
            setattr(module, "new_id", self.new_id)  # noqa: B010


@dataclass(slots=True)
class Stage:
    """The plugin at work."""

    plugin: LonePlugin
    context: ShadowContext
    recorder: Recorder
    clock: Clock
    seconds: float

    async def act(self, message: Message) -> Message:
        """Hand over an event or a request, and say what came of it."""
        self.clock.stop_at(datetime.fromisoformat(message["at"]))
        error, gave, kept = "", None, {}
        try:
            async with asyncio.timeout(self.seconds):
                if "provider" in message:
                    gave = await self._asked(message)
                else:
                    kept = await self._delivered(message)
        except Exception as raised:  # noqa: BLE001  (a plugin may fail in any way)
            error = self.recorder.redaction.text(f"{type(raised).__name__}: {raised}")
        calls = [call.as_json() for call in self.recorder.take()]
        return {"done": calls, "error": error, "gave": self.recorder.redaction.value(gave), "kept": kept}

    async def _delivered(self, message: Message) -> dict[str, str | None]:
        event = EVENT.validate_python(message["event"], strict=False)
        recipient = message["recipient"]
        address = f"{self.context.code}/{recipient}" if recipient else self.context.code
        handover = Handover(address, event.id)
        context = replace(self.context, recipient=recipient, handover=handover)
        order, customer = ORDER.validate_python(message["order"]), CUSTOMER.validate_python(message["customer"])
        try:
            await self.plugin.deliver(event, order, context, customer)
        finally:
            handover.is_over = True
        await context.table.write(handover.changes)
        return dict(handover.changes)

    async def _asked(self, message: Message) -> object:
        provider = next(each for each in self.plugin.providers if each.code == message["provider"])
        return await getattr(provider, message["method"])(request_of(message))


async def main() -> None:
    """Load the plugin that the first message names, and go through the events of the others."""
    out = os.dup(1)
    # a plugin that prints does not disturb the messages
    os.dup2(2, 1)
    logging.getLogger().addHandler(logging.NullHandler())
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    line = Line(reader, out)
    begin = await read(reader)
    recorder, clock = Recorder(), Clock()
    is_alone = begin["isolate"] and leave_network()
    record_everything(recorder)
    refuse_network(recorder.attempt, also_libraries=not is_alone)
    clock.rule()
    listening = asyncio.create_task(line.listen())
    try:
        stage = _load(begin, line, recorder, clock)
        async with aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session:
            stage.context.sessions.append(session)
            await stage.plugin.startup(stage.context)
            line.tell({"loaded": _described(stage.plugin), "alone": is_alone})
            while (message := await line.order()) is not None:
                line.tell(await stage.act(message))
            await stage.plugin.shutdown(stage.context)
    except Exception as error:  # noqa: BLE001  (a plugin may fail in any way)
        line.tell({"failed": recorder.redaction.text(f"{type(error).__name__}: {error}"), "at": _last_place(error)})
    finally:
        listening.cancel()


def _load(begin: Message, line: Line, recorder: Recorder, clock: Clock) -> Stage:
    if begin["folder"]:
        sys.path.insert(0, begin["folder"])
    module, _, name = begin["plugin"].partition(":")
    plugin = getattr(importlib.import_module(module), name)()
    made: list[ShadowContext] = []

    def context_for(given: Registration) -> ShadowContext:
        recorder.redaction = Redaction(given.settings)
        made.append(ShadowContext(given.code, given.settings, given.log, line))
        return made[0]

    table = PluginTable(begin["settings"], begin["sources"])
    secrets = {name: None if secret is None else SecretStr(secret) for name, secret in begin["secrets"].items()}
    alone = LonePlugin.load(plugin, table, context_for, secrets)
    recorder.answers = answers_of(Path(begin["answers"]) if begin["answers"] else None)
    return Stage(alone, made[0], recorder, clock, begin["seconds"])


def _described(plugin: LonePlugin) -> Message:
    given = plugin.recipients
    recipients = (
        None if given is None else {each.name: None if each.events is None else sorted(each.events) for each in given}
    )
    return {
        "code": plugin.manifest.code,
        "version": plugin.manifest.version,
        "wants": [each.value for each in EventType if plugin.wants(each)],
        "recipients": recipients,
        "providers": {
            each.code: [method for method in sorted(METHODS) if hasattr(each, method)] for each in plugin.providers
        },
    }


def _last_place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


if __name__ == "__main__":
    asyncio.run(main())
