"""What somebody wants to change about a plugin, and what the database would then say about it. Pure."""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import SecretStr

from packhouse.hooks.selection import StoredChoice
from packhouse.sdk.errors import Refused

LONGEST_NAME = 128
LONGEST_SECRET = 65_536
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Enable:
    """Let a plugin run."""

    code: str


@dataclass(frozen=True, slots=True)
class Disable:
    """Let a plugin run no more."""

    code: str


@dataclass(frozen=True, slots=True)
class Configure:
    """Set some settings of a plugin by their dotted keys, and take others back (`unset`)."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeepSecret:
    """Keep a secret of a plugin under a name."""

    code: str
    name: str
    value: SecretStr


@dataclass(frozen=True, slots=True)
class DeleteSecret:
    """Forget a secret of a plugin."""

    code: str
    name: str


Change = Enable | Disable | Configure | KeepSecret | DeleteSecret


def changed(choice: StoredChoice, change: Change) -> StoredChoice:
    """What the database says about the plugin after a change.

    Raises:
        Refused: INVALID_KEY, INVALID_NAME, INVALID_SECRET.
    """
    match change:
        case Enable():
            return replace(choice, enabled=True)
        case Disable():
            return replace(choice, enabled=False)
        case Configure():
            return replace(choice, table=_configured(choice.table, change))
        case KeepSecret():
            _refuse_bad_secret(change)
            return replace(choice, secrets={**choice.secrets, change.name: change.value})
        case DeleteSecret():
            return replace(choice, secrets={name: text for name, text in choice.secrets.items() if name != change.name})


def _refuse_bad_secret(change: KeepSecret) -> None:
    if not _NAME.fullmatch(change.name) or len(change.name) > LONGEST_NAME:
        raise Refused(
            "INVALID_NAME", f"a secret's name is letters, digits, _, . and - (at most {LONGEST_NAME})", "name"
        )
    if not 1 <= len(change.value.get_secret_value().encode(errors="replace")) <= LONGEST_SECRET:
        raise Refused("INVALID_SECRET", f"a secret has 1 to {LONGEST_SECRET} bytes", "value")


def _configured(table: Mapping[str, Any], change: Configure) -> dict[str, Any]:
    result: dict[str, Any] = deepcopy(dict(table))
    for key in change.unset:
        _take_out(result, key.split("."))
    for key, value in change.values.items():
        _put(result, key, value)
    return result


def _put(table: dict[str, Any], key: str, value: object) -> None:
    *above, last = key.split(".")
    if not all((*above, last)):
        raise Refused("INVALID_KEY", f"{key!r} is no dotted key of a setting", f"settings.{key}")
    for step in above:
        below = table.get(step)
        table[step] = table = below if isinstance(below, dict) else {}
    table[last] = value


def _take_out(table: dict[str, Any], path: list[str]) -> None:
    """Take a value out, and with it the tables that are empty then."""
    first, *rest = path
    below = table.get(first)
    if rest and isinstance(below, dict):
        _take_out(below, rest)
        if not below:
            del table[first]
    elif not rest:
        table.pop(first, None)
