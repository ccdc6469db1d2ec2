"""What `packhouse settings` prints."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import SecretStr

from packhouse.settings.known import PLUGIN_TABLES, dotted, fields
from packhouse.settings.loading import LoadedSettings
from packhouse.settings.redaction import HIDDEN, hide_password, hide_secrets, is_secret_name


def no_more_secrets(_code: str, _key: str) -> bool:
    """Where names alone say what is secret."""
    return False


def render_settings(
    loaded: LoadedSettings, is_secret: Callable[[str, str], bool] = no_more_secrets
) -> list[tuple[str, str, str]]:
    """Return (key, shown value, origin) for each effective setting, plugins' tables last, with secrets hidden.

    `is_secret` says by a plugin's code and a dotted key of its table that a value is secret whose name does not tell. Values are
    written as in TOML; a key that is not set and has no default as "(not set)".
    """
    rows: list[tuple[str, str, str]] = []
    for section, name in fields():
        if (section, name) != PLUGIN_TABLES:
            key = dotted((section, name))
            rows.append((key, _shown(getattr(getattr(loaded.settings, section), name)), loaded.provenance[key]))
    for code, table in sorted(loaded.settings.plugins.settings.items()):
        above = f"{dotted(PLUGIN_TABLES)}.{code}"
        for key, value in _leaves(above, table, secret=False):
            hidden = is_secret(code, key.removeprefix(f"{above}."))
            rows.append((key, _shown(hide_secrets(value, secret=hidden)), loaded.provenance[key]))
    return rows


def _leaves(key: str, value: Any, *, secret: bool) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - a free value
    if isinstance(value, dict) and value:
        for name, each in sorted(value.items()):
            yield from _leaves(f"{key}.{name}", each, secret=secret or is_secret_name(name))
    else:
        yield key, hide_secrets(value, secret=secret)


def _shown(value: Any) -> str:  # noqa: ANN401 - a setting of any type
    if value is None:
        return "(not set)"
    if isinstance(value, SecretStr):
        value = HIDDEN if value else ""
    if isinstance(value, str):
        value = hide_password(value)
    return json.dumps(value, ensure_ascii=False, default=str)
