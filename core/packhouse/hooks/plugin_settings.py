"""Validates a plugin's own table of settings with the model in its manifest, quoting no value: it could be a secret."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Protocol, TypeGuard

from pydantic import BaseModel, SecretStr, ValidationError

from packhouse.hooks.errors import BrokenPlugin
from packhouse.settings.references import ENV, FILE, reference_of

SECRET = "secret"  # noqa: S105  (the name of a kind of reference)
REFERENCES = (FILE, ENV, SECRET)
"""What may stand in place of a value: where else it is."""

_HIDDEN = "[hidden]"


class PluginChoices(Protocol):
    """What the host's settings say about plugins.

    `enabled` None means all installed ones except `disabled`; a list means exactly those. `strict`: a broken plugin stops
    the start. `settings` holds a table for each plugin code.
    """

    @property
    def enabled(self) -> list[str] | None:
        """The entry points that shall be loaded, None for all."""

    @property
    def disabled(self) -> list[str]:
        """Those left out where `enabled` is None."""

    @property
    def strict(self) -> bool:
        """Whether a broken plugin stops the start."""

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """A table for each plugin code."""


def table_of(tables: Mapping[str, Mapping[str, Any]], code: str) -> dict[str, Any]:
    """A plugin's table of settings, by its code.

    Names of environment variables take no hyphens: what they say of `acme-post` stands under `acme_post`, and wins key by key.
    """
    table = dict(tables.get(code, {}))
    return merged(table, tables.get(code.replace("-", "_"), {})) if "-" in code else table


def merged(table: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A table with another one laid over it, key by key; a reference to a value elsewhere is one value."""
    result = dict(table)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if _is_table(below) and _is_table(value) else value
    return result


def _is_table(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and reference_of(value, REFERENCES) is None


def read_settings(name: str, model: type[BaseModel] | None, table: Mapping[str, Any]) -> BaseModel | None:
    """The plugin's settings as an instance of its model, None where it has no model.

    Raises:
        BrokenPlugin: an unknown key, or a value that the model refuses; the text names keys and quotes no value.
    """
    if model is None:
        if table:
            raise BrokenPlugin(name, f"it takes no settings, but has {', '.join(sorted(table))}", tuple(sorted(table)))
        return None
    _refuse_unknown(name, model, table)
    try:
        return model.model_validate(dict(table))
    except ValidationError as error:
        reason, keys = _reason(error, table), _keys(error)
    # raised outside the handler, so that the original with its values is not printed below it
    raise BrokenPlugin(name, reason, keys)


def _refuse_unknown(name: str, model: type[BaseModel], table: Mapping[str, Any]) -> None:
    if model.model_config.get("extra") is not None:
        return
    known = _known_keys(model)
    if known is None:
        return
    for key in table:
        if key not in known:
            nearest = get_close_matches(key, known, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else f" (known: {', '.join(sorted(known))})"
            raise BrokenPlugin(name, f"settings: unknown key {key}{hint}", (key,))


def _known_keys(model: type[BaseModel]) -> set[str] | None:
    """The keys that a model reads; None where an alias is not a plain name."""
    known: set[str] = set()
    for field, info in model.model_fields.items():
        alias = info.validation_alias
        if alias is not None and not isinstance(alias, str):
            return None
        known |= {field, alias or field}
    return known


def _keys(error: ValidationError) -> tuple[str, ...]:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple(".".join(str(part) for part in problem["loc"]) for problem in problems)


def _reason(error: ValidationError, table: Mapping[str, Any]) -> str:
    secrets = sorted({text for text in _texts(table) if text}, key=len, reverse=True)
    problems = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        message = problem["msg"]
        for secret in secrets:  # a validator of the plugin's own may quote what it was given
            message = message.replace(secret, _HIDDEN)
        problems.append(f"{'.'.join(str(part) for part in problem['loc']) or 'settings'}: {message}")
    return "settings: " + "; ".join(problems)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple | set):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif value is not None and not isinstance(value, bool):
        yield str(value)
