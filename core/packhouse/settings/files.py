"""Settings from TOML files: the profile's and the operator's own."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from packhouse.settings.known import PLUGIN_TABLES, Path, dotted, fields, nearest, sections

PROFILES = FilePath("config")
OWN_FILE = FilePath("packhouse.toml")
BUILT_IN_PROFILE = "default"

_PROFILE_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def profile_file(profile: str) -> tuple[FilePath | None, list[str]]:
    """Find the file of a profile, `./config/<profile>.toml`; the built-in one has none. Second: what is wrong."""
    if profile == BUILT_IN_PROFILE:
        return None, []
    if _PROFILE_NAME.fullmatch(profile) is None:
        return None, [f"profile {profile!r}: expected a name such as development, not a path"]
    file = PROFILES / f"{profile}.toml"
    if file.is_file():
        return file, []
    there = ", ".join(sorted(each.stem for each in PROFILES.glob("*.toml"))) or "none"
    where = (FilePath.cwd() / PROFILES).as_posix()
    return None, [f"profile {profile!r}: {file.as_posix()} does not exist (profiles in {where}: {there})"]


def own_file(file: FilePath | None, environ: Mapping[str, str]) -> FilePath | None:
    """Return the operator's file: the one given, else PACKHOUSE_CONFIG, else packhouse.toml if it exists."""
    if file is not None:
        return file
    named = environ.get("PACKHOUSE_CONFIG")
    if named:
        return FilePath(named)
    return OWN_FILE if OWN_FILE.exists() else None


def read_file(file: FilePath) -> tuple[dict[Path, Any], list[str]]:
    """Read a TOML file.

    Returns:
        The value of each known key, not yet checked against its type; and one sentence for each key that is unknown, or
        one for the file that cannot be read.
    """
    origin = file.as_posix()
    try:
        text = file.read_bytes().decode()
        tree = tomllib.loads(text)
    except OSError as error:
        return {}, [f"{origin}: cannot be read: {error.strerror}"]
    except UnicodeDecodeError:
        return {}, [f"{origin}: is not written in UTF-8"]
    except tomllib.TOMLDecodeError as error:
        return {}, [f"{origin}: is not valid TOML: {error}"]
    values = dict(_leaves((), tree))
    problems = [_unknown(origin, path) for path in values if not _known(path)]
    return {path: value for path, value in values.items() if _known(path)}, problems


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - what TOML holds
    # a known key ends the path, so that a table in its place is reported as the wrong type and not as unknown keys
    ends = path in fields() and path != PLUGIN_TABLES
    if isinstance(value, dict) and not ends and (value or not path):
        for name, each in value.items():
            yield from _leaves((*path, name), each)
    else:
        yield path, value


def _known(path: Path) -> bool:
    # a section itself is known: an empty one says nothing, a value in its place is the wrong type
    return path in fields() or path[:2] == PLUGIN_TABLES or (len(path) == 1 and path[0] in sections())


def _unknown(origin: str, path: Path) -> str:
    meant = nearest(path)
    return f"{origin}: unknown setting {dotted(path)}" + ("" if meant is None else f"; did you mean {dotted(meant)}?")
