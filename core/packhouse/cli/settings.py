"""`packhouse settings`: what is in force and where it came from."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings")(settings)


def settings() -> None:
    """Show the effective settings, secrets hidden, with where each came from."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from packhouse.settings import load_settings, render_settings

    loaded = load_settings()
    table = Table("Setting", "Value", "From", title=f"Profile {loaded.profile}")
    for key, value, origin in render_settings(loaded, _SecretsOfPlugins()):
        # as text: a value in square brackets is no markup
        table.add_row(Text(key), Text(value), Text(origin))
    Console().print(table)


class _SecretsOfPlugins:
    """Says which settings are secret, as the plugins' models do; all of them where a plugin cannot be looked at."""

    def __init__(self) -> None:
        self._models: dict[str, type[BaseModel] | None] = {}

    def __call__(self, code: str, key: str) -> bool:
        """Whether a setting of a plugin is one."""
        from packhouse.hooks.errors import BrokenPlugin
        from packhouse.hooks.loading import settings_model_of
        from packhouse.hooks.tables import is_hidden

        if code not in self._models:
            try:
                self._models[code] = settings_model_of(code)
            except BrokenPlugin:
                self._models[code] = None
        model = self._models[code]
        return model is None or is_hidden(key, [model])
