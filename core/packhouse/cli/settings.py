"""`packhouse settings`: what is in force and where it came from."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import typer


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
    for key, value, origin in render_settings(loaded):
        # as text: a value in square brackets is no markup
        table.add_row(Text(key), Text(value), Text(origin))
    Console().print(table)
