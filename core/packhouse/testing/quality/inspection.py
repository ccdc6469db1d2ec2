"""What of a plugin can be looked at without running it."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from packhouse.sdk import PackhouseError, PluginManifest
from packhouse.testing.conformance.finding import WHERE, read_subject
from packhouse.testing.conformance.subject import Subject


class NoPlugin(PackhouseError):
    """A folder that is not a plugin's."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A plugin's folder and what stands in it. `subject` is None where it has none for the conformance kit."""

    folder: Path
    project: Mapping[str, Any]
    readme: str
    subject: Subject | None

    @property
    def distribution(self) -> str:
        """The name in its pyproject.toml."""
        return str(self.project.get("name", ""))

    @property
    def package(self) -> Path:
        """The folder of its package."""
        return self.folder / self.distribution.replace("-", "_")

    @property
    def manifest(self) -> PluginManifest | None:
        """What it says of itself."""
        found = self.subject.plugin().plugin_manifest() if self.subject is not None else None
        return found if isinstance(found, PluginManifest) else None

    def sources(self) -> Iterator[tuple[Path, str]]:
        """Its Python files, with their text."""
        for file in sorted(self.package.rglob("*.py")):
            yield file.relative_to(self.package), file.read_text("utf-8")

    def imports(self) -> Iterator[tuple[Path, str]]:
        """(file, module) of everything that it imports."""
        for file, text in self.sources():
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import):
                    yield from ((file, alias.name) for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield file, node.module


def inspect_plugin(folder: Path) -> Inspected:
    """Look at a plugin's folder.

    Raises:
        NoPlugin: it has no pyproject.toml that can be read.
    """
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text("utf-8")).get("project", {})
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise NoPlugin(f"{file} cannot be read: {error}") from None
    readme = folder / "README.md"
    subject = read_subject(folder / WHERE) if (folder / WHERE).is_file() else None
    return Inspected(folder, project, readme.read_text("utf-8") if readme.is_file() else "", subject)


def models_of(model: type[BaseModel] | None) -> Iterator[type[BaseModel]]:
    """A settings model and every model inside it."""
    if model is None:
        return
    yield model
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            yield from models_of(inner)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401  (an annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)
