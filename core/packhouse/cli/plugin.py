"""`packhouse plugin`: what is plugged in."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import typer

from packhouse.cli import plugin_check, plugin_new, plugin_shadow
from packhouse.cli.working import read_settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="What is plugged in.")
    commands.command("list")(list_plugins)
    plugin_new.register(commands)
    plugin_check.register(commands)
    plugin_shadow.register(commands)
    app.add_typer(commands, name="plugin")


def list_plugins() -> None:
    """Show the plugins that the settings choose, what they implement, and those that were left out."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from packhouse.hooks import PluginHost

    host = PluginHost.load(read_settings().plugins)
    table = Table("Code", "Title", "Version", "API", "Hooks")
    for each in host.plugins:
        hooks = ", ".join(hook for hook in each.hooks if hook != "plugin_manifest")
        table.add_row(*map(Text, (each.code, each.title, each.version, each.api, hooks)))
    console = Console()
    console.print(table if host.plugins else "No plugins are installed and chosen")
    for name, reason in host.quarantined:
        console.print(Text(f"Left out: {name}: {reason}"))
