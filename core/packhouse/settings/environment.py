"""Settings from environment variables: `PACKHOUSE_<SECTION>__<KEY>`, or with `_FILE` the file that holds the value."""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from packhouse.settings.known import (
    PLUGIN_TABLES,
    Path,
    dotted,
    fields,
    is_text,
    kinds_of,
    nearest,
    sections,
    variable_of,
)
from packhouse.settings.redaction import is_secret_name
from packhouse.settings.references import FILE

PREFIX = "PACKHOUSE_"
RESERVED = frozenset({"PACKHOUSE_PROFILE", "PACKHOUSE_CONFIG", "PACKHOUSE_SHARED"})
RESERVED_PREFIX = "PACKHOUSE_TEST_"

_FILE = "_FILE"

_YES_AND_NO = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
# Kubernetes puts the addresses of a service called "packhouse" or "packhouse-…" into each container
_SERVICE_LINK = re.compile(r"_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$")


def read_environment(environ: Mapping[str, str]) -> tuple[dict[Path, tuple[str, Any]], list[str]]:
    """Read all our variables.

    Returns:
        For each key its variable and parsed value, not yet checked against its type; and one sentence for each
        variable that looks like ours and is not.
    """
    values: dict[Path, tuple[str, Any]] = {}
    problems: list[str] = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in RESERVED or variable.startswith(RESERVED_PREFIX):
            continue
        path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        if path in fields() or (path[:2] == PLUGIN_TABLES and all(path)):
            for full_path, value in _unfolded(path, _parsed(path, environ[variable])):
                values[full_path] = (variable, value)
        elif (named := _named_by_file(path)) is not None:
            if variable.removesuffix(_FILE) in environ:
                problems.append(f"environment {variable}: {variable.removesuffix(_FILE)} is set as well; take one away")
            values[named] = (variable, {FILE: environ[variable]})
        elif "__" in variable:
            problems.append(f"environment {variable}: unknown setting {dotted(path)}{_meant(nearest(path))}")
        else:
            problems.extend(_lookalike(variable, environ[variable]))
    return values, problems


def _parsed(path: Path, text: str) -> Any:  # noqa: ANN401 - what the text says it is
    if path[:2] == PLUGIN_TABLES:
        value = _json_or_text(text)
        # a secret of digits alone is text all the same
        is_text = len(path) > len(PLUGIN_TABLES) + 1 and is_secret_name(path[-1]) and not isinstance(value, list | dict)
        return text if is_text else value
    kinds = kinds_of(fields()[path].annotation)
    if bool in kinds:
        return _YES_AND_NO.get(text.strip().lower(), text)
    if list in kinds:
        value = _json_or_text(text)
        return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value
    return _json_or_text(text) if kinds & {int, float} else text


def _named_by_file(path: Path) -> Path | None:
    """The key whose value stands in the file that a variable names (`…_SECRET_KEY_FILE`); None where it is no such variable."""
    named = (*path[:-1], path[-1].removesuffix(_FILE.lower()))
    return named if named != path and is_text(named) else None


def _json_or_text(text: str) -> Any:  # noqa: ANN401 - what the text says it is
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _unfolded(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - a free value
    """Yield the leaves of a plugin's table that was given whole, so that it merges key by key."""
    if path[:2] == PLUGIN_TABLES and isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _unfolded((*path, name), each)
    else:
        yield path, value


def _lookalike(variable: str, value: str) -> Iterator[str]:
    """Yield the problem with a variable that has our prefix but no `__`, if somebody seems to have meant a setting."""
    if _SERVICE_LINK.search(variable) or value.startswith(("tcp://", "udp://")):
        return
    name = variable.removeprefix(PREFIX).lower()
    for section in sections():
        if name == section or name.startswith(f"{section}_"):
            path = (section, name.removeprefix(section).removeprefix("_"))
            yield f"environment {variable}: unknown; a setting is written PACKHOUSE_SECTION__KEY{_meant(nearest(path))}"
            return
    same_word = [path for path in fields() if path[-1] == name]
    if same_word:
        yield f"environment {variable}: unknown; a setting is written PACKHOUSE_SECTION__KEY{_meant(same_word[0])}"
        return
    close = get_close_matches(variable, RESERVED, n=1, cutoff=0.9)
    if close:
        yield f"environment {variable}: unknown; did you mean {close[0]}?"


def _meant(path: Path | None) -> str:
    return "" if path is None else f"; did you mean {variable_of(path)}?"
