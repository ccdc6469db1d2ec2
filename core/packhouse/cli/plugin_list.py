"""`packhouse plugin list`: what is plugged in, and how it is doing."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from packhouse.cli.working import read_settings

if TYPE_CHECKING:
    from packhouse.hooks import PluginHost
    from packhouse.hooks.reports import PluginReport
    from packhouse.settings import Settings


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command("list")(list_plugins)


def list_plugins() -> None:
    """Show every installed plugin: whether it runs or why it does not, what it implements, and whether deliveries to it wait."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from packhouse.hooks import PluginHost
    from packhouse.opening import DatabaseNotReady

    settings, console = read_settings(), Console()
    states: Mapping[str, str] = {}
    try:
        host, states = asyncio.run(_with_database(settings))
    except DatabaseNotReady as error:
        console.print(Text(f"What the database says is left out: {error}"))
        host = PluginHost.load(settings.plugins, origin=settings.origin, only_looking=True)
    reports = host.reports()
    table = Table("Code", "Title", "Version", "API", "Status", "Deliveries", "Hooks")
    for each in reports:
        hooks = ", ".join(hook for hook in each.hooks if hook != "plugin_manifest")
        deliveries = "\n".join(f"{name}: {states[name]}" for name in each.addresses if name in states)
        table.add_row(*map(Text, (each.code, each.title, each.version, each.api, _status(each), deliveries, hooks)))
    console.print(table if reports else "No plugins are installed")
    for name, reason in host.quarantined:
        console.print(Text(f"Left out: {name}: {reason}"))


def _status(report: "PluginReport") -> str:
    from packhouse.hooks.reports import PluginStatus

    words = {PluginStatus.LOADED: "loads", PluginStatus.QUARANTINED: "left out", PluginStatus.DISABLED: "disabled"}
    return words[report.status] + (f" by {report.fixed_by}" if report.fixed_by else "")


async def _with_database(settings: "Settings") -> "tuple[PluginHost, Mapping[str, str]]":
    """The plugins as the database knows them too, and how deliveries to each address are going."""
    from packhouse.events.outbox import Outbox
    from packhouse.hooks import PluginHost
    from packhouse.opening import open_ready
    from packhouse.plugins.stored import read_stored
    from packhouse.plugins.vault import Vault

    database = await open_ready(settings, Outbox())
    try:
        stored = await read_stored(database, Vault.of(settings))
        host = PluginHost.load(settings.plugins, origin=settings.origin, stored=stored.choices, only_looking=True)
        return host, await _deliveries(host.addresses)
    finally:
        await database.close()


async def _deliveries(addresses: Sequence[str]) -> Mapping[str, str]:
    from packhouse.events.queries import dead_of_plugins, pauses_by_plugin, pending_of_plugins

    pauses = await pauses_by_plugin(addresses)
    pending, dead = await pending_of_plugins(addresses), await dead_of_plugins(addresses)
    told: dict[str, list[str]] = {}
    for address, pause in pauses.items():
        until = "" if pause.until is None else f" until {pause.until:%Y-%m-%d %H:%M} UTC"
        told.setdefault(address, []).append(f"paused{until}: {pause.reason}" if pause.reason else f"paused{until}")
    for address, waiting in pending.items():
        told.setdefault(address, []).append(f"{waiting.count} waiting")
    for address, count in dead.items():
        told.setdefault(address, []).append(f"{count} given up")
    return {address: ", ".join(each) for address, each in told.items()}
