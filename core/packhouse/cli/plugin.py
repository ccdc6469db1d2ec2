"""`packhouse plugin`: what is plugged in."""

import typer

from packhouse.cli import plugin_change, plugin_check, plugin_list, plugin_new, plugin_shadow


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="What is plugged in.")
    for each in (plugin_list, plugin_change, plugin_new, plugin_check, plugin_shadow):
        each.register(commands)
    app.add_typer(commands, name="plugin")
