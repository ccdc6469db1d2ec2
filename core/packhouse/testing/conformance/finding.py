"""Finds the subject of a plugin: in its folder, or by its code among those that are installed."""

import json
import sys
import tomllib
from importlib.metadata import Distribution, EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packhouse.sdk import PackhouseError
from packhouse.testing.conformance.subject import Subject

GROUP = "packhouse.plugins"
SUBJECTS = "packhouse.conformance"
WHERE = Path("tests") / "conformance.py"


class NoSubject(PackhouseError):
    """There is nothing to examine: no such plugin, or no subject of it."""


def folder_of(target: str) -> Path | None:
    """The folder of a plugin: a path to one, or where an installed one (by its code) was installed from, if it still is there.

    Raises:
        NoSubject: neither a folder with a pyproject.toml nor an installed plugin.
    """
    if (Path(target) / "pyproject.toml").is_file():
        return Path(target).resolve()
    return _installed_from(_entry_point(target).dist)


def find_subject(target: str) -> Subject:
    """The subject of a plugin: `tests/conformance.py` in its folder, or its entry point in the group `packhouse.conformance`.

    Raises:
        NoSubject: there is none.
    """
    folder = folder_of(target)
    if folder is not None and (folder / WHERE).is_file():
        return read_subject(folder / WHERE)
    for each in entry_points(group=SUBJECTS, name=target):
        return _as_subject(each.load(), f"the entry point {each.value}")
    where = f"{folder / WHERE} is not there" if folder else "it was not installed from a folder"
    raise NoSubject(
        f"plugin {target} has no subject to examine: {where}, and no entry point {SUBJECTS} has its name. "
        "How to write one: python -c 'import packhouse.testing.conformance as it; help(it)'"
    )


def read_subject(file: Path) -> Subject:
    """The `SUBJECT` of a file. A file that cannot be imported raises what its import raises.

    Raises:
        NoSubject: it has none.
    """
    return _as_subject(getattr(import_file(file), "SUBJECT", None), str(file))


def import_file(file: Path) -> ModuleType:
    """A file as a module under a name of its own; files beside it can be imported by it."""
    name = f"packhouse_subject_{abs(hash(str(file.resolve())))}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise NoSubject(f"{file} is no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    _see_package(file.resolve().parent.parent)
    spec.loader.exec_module(module)
    return module


def _see_package(folder: Path) -> None:
    """A plugin that is not installed can be examined from its folder."""
    project = folder / "pyproject.toml"
    if project.is_file() and str(folder) not in sys.path:
        name = tomllib.loads(project.read_text("utf-8")).get("project", {}).get("name", "")
        package = str(name).replace("-", "_")
        if package and (folder / package).is_dir():
            sys.path.insert(0, str(folder))


def _as_subject(found: object, where: str) -> Subject:
    if not isinstance(found, Subject):
        raise NoSubject(f"{where} has no SUBJECT that is a packhouse.testing.conformance.Subject")
    return found


def _entry_point(code: str) -> EntryPoint:
    found = entry_points(group=GROUP, name=code)
    for each in found:
        return each
    known = ", ".join(sorted(each.name for each in entry_points(group=GROUP))) or "none"
    raise NoSubject(f"{code!r} is neither a folder with a pyproject.toml nor an installed plugin (installed: {known})")


def _installed_from(distribution: Distribution | None) -> Path | None:
    text = distribution.read_text("direct_url.json") if distribution is not None else None
    url = str(json.loads(text).get("url", "")) if text else ""
    parts = urlsplit(url)
    folder = Path(url2pathname(parts.path)) if parts.scheme == "file" else None
    return folder if folder is not None and folder.is_dir() else None
