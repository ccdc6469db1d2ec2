"""Answers that are JSON, and not what they should be: each field missing, empty, of another type, or nonsense."""

from collections.abc import Iterator
from typing import Any

import orjson

# a large answer is sampled evenly
MOST_PLACES = 120
_MISSING = object()
Path = tuple[str | int, ...]


def mutations(answer: Any) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401  (any JSON value)
    """(what was done to it, the mutated answer) for each field; of a list's elements only the first is looked into."""
    places = list(_places(answer, ()))
    step = -(-len(places) // MOST_PLACES) if len(places) > MOST_PLACES else 1
    for path in places[::step]:
        for what, wrong in _wrong_for(_at(answer, path)):
            yield f"{_name(path)} {what}", orjson.dumps(_replaced(answer, path, wrong))


def _places(value: Any, path: Path) -> Iterator[Path]:  # noqa: ANN401  (any JSON value)
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield from _places(value[0], (*path, 0))


def _wrong_for(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  (any JSON value)
    yield "missing", _MISSING
    if value is not None:
        yield "null", None
    if isinstance(value, str):
        yield "= '?'", "?"
        yield "a number", 7
        yield "a list", []
    elif isinstance(value, bool | int | float):
        yield "a text", "many"
        yield "an object", {"value": value}
    elif isinstance(value, dict):
        yield "a text", "none"
        yield "a list of texts", ["none"]
    elif isinstance(value, list):
        yield "an object", {"item": "none"}
        yield "a list of nulls", [None]
        yield "a text", "none"
    else:
        yield "a list", []


def _at(value: Any, path: Path) -> Any:  # noqa: ANN401  (any JSON value)
    for key in path:
        value = value[key]
    return value


def _replaced(value: Any, path: Path, wrong: Any) -> Any:  # noqa: ANN401  (any JSON value)
    if not path:
        return wrong
    head, rest = path[0], path[1:]
    inner = _replaced(value[head], rest, wrong)
    if isinstance(value, list) and isinstance(head, int):
        return [*value[:head], *([] if inner is _MISSING else [inner]), *value[head + 1 :]]
    kept = {key: each for key, each in value.items() if key != head}
    return kept if inner is _MISSING else {**kept, head: inner}


def _name(path: Path) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
