"""A plugin's table of settings: put together from those who have a say, with where each value came from.

    what the database keeps  <  files and environment

so what an operator has fixed is not changed from the API. A value may stand elsewhere: `{ file = … }` and `{ env = … }`, in
files and environment alone, and `{ secret = "NAME" }`, one of the plugin's stored secrets. A stored secret with the name of a key
that is not set is its value.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, SecretStr

from packhouse.hooks.errors import BrokenPlugin
from packhouse.hooks.plugin_settings import REFERENCES, SECRET, merged, table_of
from packhouse.hooks.shapes import Shapes, holds_secret, inside, is_secret, keys_of, shapes_of, takes_table
from packhouse.settings.redaction import is_secret_name
from packhouse.settings.references import (
    FILE,
    UnreadableReference,
    read_reference,
    reference_of,
    shown_reference,
)

DATABASE = "database"
STORED_SECRET = "stored secret"  # noqa: S105  (where a value came from)
_FILE = "_file"

Secrets = Mapping[str, SecretStr | None]
"""A plugin's stored secrets by name; None for one that cannot be decrypted."""


@dataclass(frozen=True, slots=True)
class PluginTable:
    """A plugin's settings before its model has seen them. `sources` tells for each dotted key where its value came from.

    `hidden`: the keys whose values nobody is shown.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()


def put_together(
    code: str,
    stored: Mapping[str, Any],
    fixed: Mapping[str, Mapping[str, Any]],
    origin: Callable[[str], str],
) -> PluginTable:
    """What the database keeps about a plugin under what files and environment say.

    `fixed` are the tables of all plugins; `origin` tells where a dotted setting was read from.
    """
    over = table_of(fixed, code)
    values = merged(stored, over)
    ours = dict(leaves(over))
    sources = {key: _origin_of(code, key, origin) if key in ours else DATABASE for key, _ in leaves(values)}
    return PluginTable(values, sources)


def follow(
    name: str,
    model: type[BaseModel] | None,
    table: PluginTable,
    secrets: Secrets,
    environ: Mapping[str, str] = os.environ,
) -> PluginTable:
    """The table with every reference replaced by what it names.

    Raises:
        BrokenPlugin: one cannot be followed; the text quotes no value.
    """
    if model is None:
        return table
    following = _Following(name, table.sources, secrets, environ)
    values = following.table(table.values, [model], "")
    for key in keys_of([model]):
        if key not in values and key in secrets and is_secret(inside([model], key)):
            values[key] = following.secret(key, key)
            following.sources[key] = STORED_SECRET
    hidden = {key for key, _ in leaves(values) if is_hidden(key, shapes_of(model))}
    return PluginTable(values, following.sources, frozenset(hidden | following.hidden))


def leaves(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its dotted key; a list is one value, an empty table too, and so is a reference."""
    for key, value in values.items():
        dotted = f"{above}{key}"
        if isinstance(value, Mapping) and value and reference_of(value, REFERENCES) is None:
            yield from leaves(value, f"{dotted}.")
        else:
            yield dotted, value


class _Following:
    """Walks through a table beside its model."""

    def __init__(self, name: str, sources: Mapping[str, str], secrets: Secrets, environ: Mapping[str, str]) -> None:
        self.sources = dict(sources)
        self.hidden: set[str] = set()
        self._name = name
        self._given = sources
        self._secrets = secrets
        self._environ = environ

    def table(self, values: Mapping[str, Any], shapes: Shapes, above: str) -> dict[str, Any]:
        """The table, its keys `…_file` taken for files with secrets where the model does not know them."""
        followed: dict[str, Any] = {}
        for key, value in values.items():
            named = key.removesuffix(_FILE)
            if self._names_a_file(key, named, value, values, shapes):
                source = self.sources.pop(f"{above}{key}", "")
                followed[named] = self._read(FILE, value, f"{above}{named}", source)
            else:
                followed[key] = self._value(value, inside(shapes, key), f"{above}{key}")
        return followed

    def secret(self, name: str, key: str) -> str:
        """A stored secret, for a key."""
        self.hidden.add(key)
        if name not in self._secrets:
            raise self._broken(
                key, f"there is no stored secret {name}: `packhouse plugin secret set {self._name} {name}`"
            )
        found = self._secrets[name]
        if found is None:
            raise self._broken(
                key,
                f"the stored secret {name} cannot be decrypted: security.secret_key has changed. "
                "Put the old key into security.previous_secret_keys, or set the secret again",
            )
        return found.get_secret_value()

    def _value(self, value: Any, shapes: Shapes, key: str, source: str | None = None) -> Any:  # noqa: ANN401  (free values)
        reference = None if takes_table(shapes) or not shapes else reference_of(value, REFERENCES)
        if reference is not None:
            return self._read(*reference, key, self._given.get(key, "") if source is None else source)
        if isinstance(value, Mapping):
            return self.table(value, shapes, f"{key}.")
        if isinstance(value, list):
            source = self._given.get(key, "") if source is None else source
            return [self._value(each, inside(shapes, ""), key, source) for each in value]
        return value

    def _read(self, kind: str, name: str, key: str, source: str) -> str:
        self.hidden.add(key)
        if kind == SECRET:
            self.sources[key] = f"{source}, the stored secret {name}"
            return self.secret(name, key)
        if source == DATABASE:
            raise self._broken(key, "files and environment variables are named in files and the environment only")
        self.sources[key] = f"{source}, {shown_reference(kind, name)}"
        try:
            return read_reference(kind, name, self._environ)
        except UnreadableReference as error:
            raise self._broken(key, str(error)) from None

    @staticmethod
    def _names_a_file(key: str, named: str, value: object, values: Mapping[str, Any], shapes: Shapes) -> bool:
        return (
            named != key
            and isinstance(value, str)
            and named not in values
            and not inside(shapes, key)
            and is_secret(inside(shapes, named))
        )

    def _broken(self, key: str, reason: str) -> BrokenPlugin:
        return BrokenPlugin(self._name, f"settings: {key}: {reason}", (key,))


def is_hidden(key: str, shapes: Shapes) -> bool:
    """Whether nobody is shown the value of a dotted key: the model says that it is a secret, or its name does."""
    for step in key.split("."):
        if is_secret_name(step):
            return True
        shapes = inside(shapes, step)
    return holds_secret(shapes)


def plain_secrets(values: Mapping[str, Any], shapes: Shapes, above: str = "") -> Iterator[str]:
    """The dotted keys at which a secret stands itself, and not the name under which it is stored."""
    for key, value in values.items():
        yield from _plain_secrets(value, inside(shapes, key), f"{above}{key}", named=is_secret_name(key))


def _plain_secrets(value: object, shapes: Shapes, key: str, *, named: bool) -> Iterator[str]:
    if value in (None, "") or reference_of(value, REFERENCES) is not None:
        return
    if isinstance(value, Mapping):
        yield from plain_secrets(value, shapes, f"{key}.")
    elif isinstance(value, list):
        for each in value:
            yield from _plain_secrets(each, inside(shapes, ""), key, named=named)
    elif named or is_secret(shapes):
        yield key


def _origin_of(code: str, key: str, origin: Callable[[str], str]) -> str:
    """Where a value was read from; the environment writes the code of a plugin without hyphens."""
    found = [origin(f"plugins.settings.{name}.{key}") for name in dict.fromkeys((code.replace("-", "_"), code))]
    return next((each for each in found if each), "settings")
