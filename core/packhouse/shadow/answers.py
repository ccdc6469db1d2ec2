"""What requests are answered with: from a file, from the subject of the conformance kit, or an empty object."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packhouse.sdk import InvalidValue

SUBJECT = ".py"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits for an answer. Names of headers are lower case; `path` is without the query."""

    method: str
    url: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and where it is from."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    source: str = "nobody: an empty object"


Answers = Callable[[Request], Answer | None]


def answers_of(file: Path | None) -> Answers:
    """The answers of a file: TOML or JSON with `answer` tables, or a subject of the conformance kit.

    A table has `url` (a regular expression for all of it, query included), and may have `method`, `status`, `headers`, and `json` or
    `body`. The first that fits answers.

    Raises:
        InvalidValue: the file cannot be used; the text says why.
    """
    if file is None:
        return lambda _: None
    if file.suffix == SUBJECT:
        return _of_subject(file)
    try:
        text = file.read_text("utf-8")
        found = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
        rules = [_rule(each, f"{file.name}, answer {place}") for place, each in enumerate(found["answer"], 1)]
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        raise InvalidValue("answers", f"{file} cannot be used: {type(error).__name__}: {error}") from None
    return lambda request: next((answer for fits, answer in rules if fits(request)), None)


def _rule(table: Mapping[str, Any], source: str) -> tuple[Callable[[Request], bool], Answer]:
    url, method = re.compile(str(table["url"])), str(table.get("method", "")).upper()
    body = json.dumps(table["json"]).encode() if "json" in table else str(table.get("body", "")).encode()
    kind = {"Content-Type": "application/json"} if "json" in table else {}
    answer = Answer(int(table.get("status", 200)), body, {**kind, **table.get("headers", {})}, source)

    def fits(request: Request) -> bool:
        return method in ("", request.method) and url.fullmatch(request.url) is not None

    return fits, answer


def _of_subject(file: Path) -> Answers:
    from packhouse.testing.conformance import Asked, Exchange, read_subject  # noqa: PLC0415  (for those who name one)

    subject = read_subject(file)
    operations = subject.operations
    exchanges: Sequence[Exchange] = [*(each for one in operations for each in one.all_exchanges), *subject.always]

    def answer(request: Request) -> Answer | None:
        asked = Asked(request.method, request.path, request.query, request.headers, request.body)
        for exchange in exchanges:
            fits = exchange.method == request.method and re.fullmatch(exchange.path, request.path)
            if fits and (exchange.when is None or exchange.when(asked)):
                reply = exchange.answer(asked) if callable(exchange.answer) else exchange.answer
                kind = {} if reply.json is None else {"Content-Type": "application/json"}
                return Answer(reply.status, reply.content, {**kind, **reply.headers}, f"{file.name}, {exchange}")
        return None

    return answer
