"""Reads every layer, refuses what is wrong in any of them at once, and remembers where each value came from."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from packhouse.settings.environment import read_environment
from packhouse.settings.errors import SettingsError
from packhouse.settings.files import BUILT_IN_PROFILE, own_file, profile_file, read_file
from packhouse.settings.known import PLUGIN_TABLES, Path, dotted, fields, is_text, sections
from packhouse.settings.references import UnreadableReference, read_reference, reference_of, shown_reference
from packhouse.settings.sections import DEFAULT_ORIGIN, GENERATED_ORIGIN, SECRET_KEY_LENGTH, Settings

_PROFILES_WITHOUT_SECRET = frozenset({"development", "test"})
_SECRET_KEY: Path = ("security", "secret_key")
_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a decimal number",
    list: "a list",
    dict: "a table",
}
_TYPE_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
}


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings and where they came from.

    `provenance` maps each dotted key to "default", a file ("config/development.toml") or "environment PACKHOUSE_…".
    """

    settings: Settings
    provenance: Mapping[str, str]
    profile: str


class _Layers:
    """The values so far: each higher layer laid over the lower ones, with all problems found on the way."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.values: dict[Path, tuple[Any, str]] = {}
        self.problems: list[str] = []
        self._refused_sections: set[str] = set()

    def lay(self, path: Path, value: Any, origin: str) -> None:  # noqa: ANN401 - not yet checked
        reference = reference_of(value) if is_text(path) else None
        if reference is not None:
            try:
                value = read_reference(*reference, self._environ)
            except UnreadableReference as error:
                self.problems.append(f"{origin}: {dotted(path)}: {error}")
                self._refused_sections.add(path[0])
                return
            origin = f"{origin}, {shown_reference(*reference)}"
        problems = _type_problems(path, value, origin)
        if problems:
            self.problems += problems
            self._refused_sections.add(path[0])
        elif len(path) > 1:
            self._replace(path, value, origin)

    def _replace(self, path: Path, value: Any, origin: str) -> None:  # noqa: ANN401 - not yet checked
        below = [each for each in self.values if each[: len(path)] == path]
        if value == {} and below:
            return
        above = [each for each in self.values if path[: len(each)] == each]
        for each in {*below, *above}:
            del self.values[each]
        self.values[path] = (value, origin)

    def section(self, name: str) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for path, (value, _) in self.values.items():
            if path[0] == name:
                table = tree
                for step in path[1:-1]:
                    table = table.setdefault(step, {})
                table[path[-1]] = value
        return tree

    def check_sections(self) -> dict[str, Any]:
        """Build each section; what only shows when its values meet (a pool's ends) is a problem too."""
        built: dict[str, Any] = {}
        for name, model in sections().items():
            if name in self._refused_sections:
                continue
            try:
                built[name] = model.model_validate(self.section(name))
            except ValidationError as error:
                origins = sorted({origin for path, (_, origin) in self.values.items() if path[0] == name})
                self.problems += [f"{', '.join(origins)}: {name}: {_expected(each, None)}" for each in _details(error)]
        return built


def load_settings(
    profile: str | None = None, file: FilePath | None = None, environ: Mapping[str, str] = os.environ
) -> LoadedSettings:
    """Read the settings: built-in defaults < profile < the operator's file < environment.

    Args:
        profile: Name of `./config/<profile>.toml`; without it PACKHOUSE_PROFILE, without that the built-in defaults.
        file: The operator's file; without it PACKHOUSE_CONFIG, without that `./packhouse.toml` if there is one.
        environ: Variables `PACKHOUSE_<SECTION>__<KEY>`; lists, numbers and booleans as in JSON (a list also as a,b).

    Raises:
        SettingsError: Names everything that is unknown or of the wrong type, in all layers, and no value.
    """
    layers = _Layers(environ)
    name = profile or environ.get("PACKHOUSE_PROFILE") or BUILT_IN_PROFILE
    profile_path, problems = profile_file(name)
    layers.problems += problems
    for each in (profile_path, own_file(file, environ)):
        if each is not None:
            _lay_file(layers, each)
    variables, problems = read_environment(environ)
    layers.problems += problems
    for path, (variable, value) in variables.items():
        layers.lay(path, value, f"environment {variable}")
    _lay_made_up_secret(layers, name)
    built = layers.check_sections()
    if layers.problems:
        raise SettingsError(layers.problems)
    provenance = _provenance(layers)
    return LoadedSettings(Settings(**built).read_from(provenance), provenance, name)


def _lay_file(layers: _Layers, file: FilePath) -> None:
    values, problems = read_file(file)
    layers.problems += problems
    for path, value in values.items():
        layers.lay(path, value, file.as_posix())


def _lay_made_up_secret(layers: _Layers, profile: str) -> None:
    """Give development and test a key of their own, so that nothing there has to be set and nothing can be forged."""
    if profile in _PROFILES_WITHOUT_SECRET and not layers.values.get(_SECRET_KEY, ("", ""))[0]:
        layers.lay(_SECRET_KEY, secrets.token_urlsafe(SECRET_KEY_LENGTH), GENERATED_ORIGIN)


def _provenance(layers: _Layers) -> Mapping[str, str]:
    origins = {dotted(path): DEFAULT_ORIGIN for path in fields() if path != PLUGIN_TABLES}
    origins.update({dotted(path): origin for path, (_, origin) in layers.values.items()})
    return MappingProxyType(origins)


@cache
def _adapter(path: Path) -> TypeAdapter[Any]:
    field = fields()[path]
    checked: Any = Annotated[field.annotation, field]
    return TypeAdapter(checked)


def _type_problems(path: Path, value: Any, origin: str) -> list[str]:  # noqa: ANN401 - not yet checked
    if len(path) == 1 or path == PLUGIN_TABLES or (path[:2] == PLUGIN_TABLES and len(path) == len(PLUGIN_TABLES) + 1):
        return [] if isinstance(value, dict) else [f"{origin}: {dotted(path)}: expected a table, not {_kind(value)}"]
    if path[:2] == PLUGIN_TABLES:
        return []
    try:
        _adapter(path).validate_python(value, strict=True)
    except ValidationError as error:
        return [
            f"{origin}: {dotted(path)}{_position(each)}: {_expected(each, _at(value, each))}"
            for each in _details(error)
        ]
    return []


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_input=False, include_context=False, include_url=False)


def _position(detail: ErrorDetails) -> str:
    return "".join(f"[{step}]" for step in detail["loc"] if isinstance(step, int))


def _at(value: Any, detail: ErrorDetails) -> Any:  # noqa: ANN401 - not yet checked
    for step in detail["loc"]:
        value = value[step]
    return value


def _expected(detail: ErrorDetails, value: Any) -> str:  # noqa: ANN401 - not yet checked
    if detail["type"] in _TYPE_EXPECTED:
        return f"expected {_TYPE_EXPECTED[detail['type']]}, not {_kind(value)}"
    text = detail["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    return re.sub("expected (greater|less)", r"expected a number \1", text)


def _kind(value: Any) -> str:  # noqa: ANN401 - not yet checked
    return "nothing" if value is None else _KINDS.get(type(value), f"a {type(value).__name__}")
