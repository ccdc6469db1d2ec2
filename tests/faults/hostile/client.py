"""A client who means no good, and who judges every answer."""

import json
import logging
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from random import Random
from typing import Any

import aiohttp
from graphql import build_client_schema, get_introspection_query
from tests.faults.hostile.all_lives import Life
from tests.faults.hostile.documents import Asked, Documents
from tests.faults.hostile.spoiling import Spoiler
from tests.faults.hostile.still import Stillness, changed
from tests.faults.hostile.walking import EndOfLife, Nothing
from tests.faults.hostile.words import Words

from packhouse.testing.server import RunningServer
from packhouse.web.authentication import ticket_of
from packhouse.web.models import AccessToken

_FAULTS = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "GRAPHQL_VALIDATION_FAILED"})
INSIDES = re.compile(
    r"Traceback|File \"|asyncpg|sqlite3|tortoise|SELECT |INSERT INTO|UPDATE \w+ SET|/site-packages/|0x[0-9a-f]{8}"
)
_WANTS = re.compile(r"is not the id of a (\w+)")
_LONGEST_REFUSAL = 20_000
_HUGE = 4_000


@dataclass
class Judge:
    """What was done and what was found; an error that the server logs while a request runs counts as found."""

    found: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    lived: Counter[str] = field(default_factory=Counter)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")

    def blame(self, what: str, asked: Asked) -> None:
        """Write a fault down, with how to come to it."""
        print(what, asked.query[:300], write(_short(asked.variables))[:1200], sep="\n    ", flush=True)
        self.found.append(f"{what}\n    {asked.query[:900]}\n    {write(_short(asked.variables))[:1500]}")

    def summary(self) -> str:
        """For people."""
        never = sorted({name for name, _ in self.refusals} - set(self.done))
        seconds, name = self.slowest
        return (
            f"{dict(self.outcomes)}, {len(self.found)} faults, slowest {seconds:.2f} s {name}; lives {dict(self.lived)}; "
            f"{len(self.done)} kinds of mutations done, never {never}; steps that were refused {dict(self.ends)}"
        )


class Heard(logging.Handler):
    """Errors in the log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        cause = record.exc_info[1] if record.exc_info else None
        text = f"{record.name}: {record.getMessage()} {cause!r}"
        if cause is not None and cause.__traceback__ is not None:
            trace = cause.__traceback__
            while trace.tb_next is not None and (
                trace.tb_frame.f_code.co_filename.find("packhouse") < 0
                or "packhouse" in trace.tb_next.tb_frame.f_code.co_filename
            ):
                trace = trace.tb_next
            text += f" at {trace.tb_frame.f_code.co_filename.rpartition('packhouse/')[2]}:{trace.tb_lineno}"
        self.records.append(text[:700])

    def take(self) -> list[str]:
        """What was heard since the last time."""
        taken, self.records = self.records, []
        return taken


def write(value: Any) -> str:
    """JSON, with integers of any length and lone surrogates as they are escaped."""
    return _Writer(allow_nan=False).encode(value)


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_short(each) for each in value[:5]]
    return f"{value[:60]}… of {len(value)}" if isinstance(value, str) and len(value) > 80 else value


class _Writer(json.JSONEncoder):
    def encode(self, o: Any) -> str:
        if isinstance(o, dict):
            return f"{{{', '.join(f'{json.dumps(key)}: {self.encode(each)}' for key, each in o.items())}}}"
        if isinstance(o, list | tuple):
            return f"[{', '.join(map(self.encode, o))}]"
        if isinstance(o, int) and not isinstance(o, bool) and abs(o) > 10**_HUGE:
            return "9" * _HUGE
        return super().encode(o)


class Client:
    """Sends operations one after the other. After each it looks at what the database holds."""

    def __init__(self, server: RunningServer, http: aiohttp.ClientSession, still: Stillness, chance: Random) -> None:
        self.server = server
        self.http = http
        self.chance = chance
        self.judge = Judge()
        self.words = Words(chance)
        self.documents: Documents = None  # type: ignore[assignment]
        self.heard = Heard()
        self._still = still
        self._before: Mapping[str, str] = {}

    async def begin(self) -> None:
        """Learn the schema, and what there is."""
        logging.getLogger().addHandler(self.heard)
        _, schema = await self.post({"query": get_introspection_query(descriptions=False)})
        self.documents = Documents(build_client_schema(schema["data"]), self.words, self.chance)
        self.spoiler = Spoiler(self.documents.mutations, self.words, self.chance)
        # whoever revokes the token in its own hands has nothing more to say
        own = await AccessToken.get(digest=ticket_of(self.server.token))
        self.words.never = own.name
        self._before = await self._still.look()
        for name in self.documents.fields("query"):
            await self.query(name, 0.0)

    def end(self) -> None:
        """Listen no more."""
        logging.getLogger().removeHandler(self.heard)

    async def post(self, body: Mapping[str, Any] | str) -> tuple[int, Any]:
        """Status and answer of a request."""
        text = body if isinstance(body, str) else write(body)
        headers = {**self.server.headers, "content-type": "application/json"}
        async with self.http.post(self.server.graphql, data=BytesIO(text.encode()), headers=headers) as response:
            answered = await response.text()
            try:
                return response.status, json.loads(answered)
            except ValueError:
                return response.status, {"errors": [{"message": answered, "extensions": {"code": "NOT_JSON"}}]}

    async def read(self, connection: str) -> Any:
        """The first of a list, by id and code where they have one."""
        code = "code" if connection == "locations" else "__typename"
        _, answer = await self.post({"query": f"{{ {connection}(first: 20) {{ edges {{ node {{ id {code} }} }} }} }}"})
        return [edge["node"] for edge in answer["data"][connection]["edges"]]

    async def query(self, name: str, temper: float | None = None) -> None:
        """Read something."""
        asked = self.documents.write("query", name, temper)
        await self._unchanged(asked, await self._ask(asked))

    async def mutate(self, name: str, temper: float | None = None) -> None:
        """Change something, or be refused and change nothing."""
        await self.change(self.documents.write("mutation", name, temper))

    async def live(self, name: str, life: Life, spoilt: int) -> bool:
        """Live through a life, at each step asking so many times for something that is wrong; whether it came to its end."""
        try:
            await life(partial(self._step, spoilt))
        except (EndOfLife, LookupError):
            return False
        self.judge.lived[name] += 1
        return True

    async def _step(self, spoilt: int, mutation: str, selection: str, **values: Any) -> Any:
        declared = self.documents.mutations.fields[mutation].args
        right = {"input": values} if "input" in declared else values
        types = ", ".join(f"${name}: {each.type}" for name, each in declared.items())
        given = ", ".join(f"{name}: ${name}" for name in declared)
        document = f"mutation ({types}) {{ {mutation}({given}) {{ __typename {selection} userErrors {{ code message field }} }} }}"
        for _ in range(spoilt):
            await self.change(Asked(mutation, document, self.spoiler.spoil(mutation, right)))
        answer = await self.change(Asked(mutation, document, right))
        if spoilt:
            # the same once more: legal or not, never a fault
            await self.change(Asked(mutation, document, right))
        payload = (answer.get("data") or {}).get(mutation)
        found = next(
            (each for name, each in (payload or {}).items() if name not in ("__typename", "userErrors") and each), None
        )
        if found is None:
            self.judge.ends[mutation, (payload or {}).get("userErrors", [{}])[0].get("code", "")] += 1
        return Nothing() if found is None else found

    async def change(self, asked: Asked) -> Any:
        """Send a mutation; what is refused has changed nothing."""
        name = asked.name
        answer = await self._ask(asked)
        payload = (answer.get("data") or {}).get(name)
        refusals = payload["userErrors"] if payload else None
        for each in refusals or ():
            self.judge.refusals[name, each["code"]] += 1
            wanted = _WANTS.search(each["message"])
            if wanted and each["field"]:
                self.words.learn_kind(
                    f"{name}.{each['field'][-1] if not each['field'][-1].isdecimal() else each['field'][-2]}", wanted[1]
                )
        if payload and not refusals:
            self.judge.done[name] += 1
            self.judge.outcomes["done"] += 1
            await self.settle()
        elif not any(each["code"].startswith("PROVIDER_") for each in refusals or ()):
            # a provider's no is written down as an attempt
            self.judge.outcomes["refused" if payload else "not executed"] += 1
            await self._unchanged(asked, answer)
        else:
            await self.settle()
        return answer

    async def settle(self) -> None:
        """Let what was set going come to rest."""
        await self.server.house.relay.drain()
        self._before = await self._still.look()
        for each in self.heard.take():
            self.judge.found.append(f"behind a change: {each}")

    async def _unchanged(self, asked: Asked, answer: Any) -> None:
        after = await self._still.look()
        tables = changed(self._before, after)
        if tables:
            self.judge.blame(f"refused, but {tables} changed: {json.dumps(answer)[:400]}", asked)
            self._before = after

    async def _ask(self, asked: Asked) -> Any:
        started = time.monotonic()
        try:
            status, answer = await self.post({"query": asked.query, "variables": asked.variables})
        except (aiohttp.ClientError, TimeoutError) as error:
            self.judge.blame(f"no answer: {error!r}", asked)
            return {}
        took = time.monotonic() - started
        if took > self.judge.slowest[0]:
            self.judge.slowest = (took, asked.name)
        self.words.learn(answer.get("data"))
        self.look_at(asked, status, answer)
        for each in self.heard.take():
            self.judge.blame(f"logged: {each}", asked)
        return answer

    def look_at(self, asked: Asked, status: int, answer: Any) -> None:
        """Judge an answer."""
        codes = _codes(answer)
        said = json.dumps([answer.get("errors"), *_refusals(answer)])
        if status not in (200, 400, 413):
            self.judge.blame(f"status {status}: {said[:400]}", asked)
        if codes & _FAULTS or None in codes or "NOT_JSON" in codes:
            self.judge.blame(f"{codes}: {said[:400]}", asked)
        if INSIDES.search(said):
            self.judge.blame(f"tells our insides: {said[:600]}", asked)
        if len(said) > _LONGEST_REFUSAL:
            self.judge.blame(f"a refusal of {len(said)} characters: {said[:300]}", asked)


def _codes(answer: Any) -> set[str | None]:
    return {each.get("extensions", {}).get("code") for each in answer.get("errors", ())}


def _refusals(answer: Any) -> list[Any]:
    return [
        each["userErrors"]
        for each in (answer.get("data") or {}).values()
        if isinstance(each, dict) and "userErrors" in each
    ]
