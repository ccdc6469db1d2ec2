"""The tree of known keys, read from the models, and the nearest known key to a misspelt one."""

from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from packhouse.settings.sections import Settings

Path = tuple[str, ...]

PLUGIN_TABLES: Path = ("plugins", "settings")


@cache
def sections() -> dict[str, type[BaseModel]]:
    """Return the model of each section by its name."""
    models: dict[str, type[BaseModel]] = {}
    for name, field in Settings.model_fields.items():
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            raise TypeError(f"Settings.{name} is not a section")
        models[name] = field.annotation
    return models


@cache
def fields() -> dict[Path, FieldInfo]:
    """Return the field of each known key (section, name), `plugins.settings` being one."""
    return {
        (section, name): field for section, model in sections().items() for name, field in model.model_fields.items()
    }


def kinds_of(annotation: Any) -> set[Any]:  # noqa: ANN401 - a type expression
    """Return the plain types that an annotation allows, those of a union each by itself."""
    if get_origin(annotation) in (Union, UnionType):
        return {kind for each in get_args(annotation) for kind in kinds_of(each)}
    return {get_origin(annotation) or annotation}


@cache
def is_text(path: Path) -> bool:
    """Say whether a known key holds text, which may stand in a file or a variable of its own."""
    field = fields().get(path)
    return field is not None and bool(kinds_of(field.annotation) & {str, SecretStr})


def dotted(path: Path) -> str:
    """Return the key as it is written to people: `database.url`."""
    return ".".join(path)


def variable_of(path: Path) -> str:
    """Return the environment variable that sets this key: `PACKHOUSE_DATABASE__URL`."""
    return "PACKHOUSE_" + "__".join(path).upper()


def nearest(path: Path) -> Path | None:
    """Return the known key that somebody who wrote this unknown one most likely meant, or None."""
    by_name = {dotted(each): each for each in fields()}
    found = get_close_matches(dotted(path), by_name, n=1, cutoff=0.7)
    if found:
        return by_name[found[0]]
    same_word = [each for each in fields() if path[-1] == each[-1]]
    return same_word[0] if same_word else None
