"""`packhouse plugin enable`, `disable`, `configure` and `secret`: changes that running servers take over within seconds."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import asyncio
import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from packhouse.cli.working import ACTOR, ORIGIN, read_settings, write

if TYPE_CHECKING:
    from packhouse.plugins.changes import Change

Code = Annotated[str, typer.Argument(help="The plugin's code.")]
Name = Annotated[str, typer.Argument(help="The key of the setting, or a name that settings refer to.")]


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.command("enable")(enable)
    commands.command("disable")(disable)
    commands.command("configure")(configure)
    secrets = typer.Typer(no_args_is_help=True, help="Secrets of plugins, encrypted in the database.")
    secrets.command("set")(set_secret)
    secrets.command("list")(list_secrets)
    secrets.command("delete")(delete_secret)
    secrets.command("renew")(renew)
    commands.add_typer(secrets, name="secret")


def enable(code: Code) -> None:
    """Let an installed plugin run, from now on and after every restart."""
    from packhouse.plugins.changes import Enable

    _make(Enable(code))
    typer.echo(f"The plugin {code} is enabled")


def disable(code: Code) -> None:
    """Let a plugin run no more. Deliveries that wait are made when it runs again."""
    from packhouse.plugins.changes import Disable

    _make(Disable(code))
    typer.echo(f"The plugin {code} is disabled")


def configure(
    code: Code,
    values: Annotated[
        list[str] | None,
        typer.Argument(
            help='KEY=VALUE: a dotted key, and JSON or text. A secret is named: PIN=\'{"secret": "NAME"}\'.'
        ),
    ] = None,
    unset: Annotated[list[str] | None, typer.Option(help="A key that goes back to its default.")] = None,
) -> None:
    """Change settings of a plugin, if it works with them."""
    from packhouse.plugins.changes import Configure

    given = dict(_split(each) for each in values or ())
    if not given and not unset:
        raise typer.BadParameter("name at least one KEY=VALUE, or --unset KEY")
    _make(Configure(code, given, tuple(unset or ())))
    typer.echo(f"The plugin {code} is configured")


def set_secret(code: Code, name: Name) -> None:
    """Keep a secret, read from a prompt or from standard input: it is in no command line, and never shown again."""
    from pydantic import SecretStr

    from packhouse.plugins.changes import KeepSecret

    if sys.stdin.isatty():
        text = typer.prompt("Secret", hide_input=True, confirmation_prompt=True)
    else:
        text = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    _make(KeepSecret(code, name, SecretStr(text)))
    typer.echo(f"The secret {name} of plugin {code} is kept")


def delete_secret(code: Code, name: Name) -> None:
    """Forget a secret."""
    from packhouse.plugins.changes import DeleteSecret

    _make(DeleteSecret(code, name))
    typer.echo(f"The secret {name} of plugin {code} is deleted")


def list_secrets() -> None:
    """Show which secrets are kept, and not what they are."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from packhouse.plugins.stored import list_secrets
    from packhouse.plugins.vault import Vault

    settings = read_settings()
    vault = Vault.of(settings)
    kept = write(settings, lambda uow: list_secrets(uow, vault))
    table = Table("Plugin", "Name", "Changed", "By", "Key")
    for each in kept:
        changed = each.changed_at.strftime("%Y-%m-%d %H:%M UTC")
        table.add_row(*map(Text, (each.plugin, each.name, changed, each.changed_by, each.key)))
    Console().print(table if kept else "No secrets are kept")


def renew() -> None:
    """Encrypt all secrets with the present security.secret_key; then the previous ones are needed no more."""
    from packhouse.plugins.commands.renew_secrets import renew_secrets
    from packhouse.plugins.vault import Vault

    settings = read_settings()
    renewed = write(settings, partial(renew_secrets, vault=Vault.of(settings)))
    typer.echo(f"{renewed.count} secrets are encrypted with the present key")
    for plugin, name in renewed.unreadable:
        typer.echo(f"No key decrypts the secret {name} of plugin {plugin}: set it again", err=True)
    if renewed.unreadable:
        raise typer.Exit(1)


def _split(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"expected KEY=VALUE, not {key}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _make(change: "Change") -> None:
    from packhouse.events.outbox import Outbox
    from packhouse.hooks import PluginHost
    from packhouse.opening import open_ready
    from packhouse.plugins.commands.make_change import make_change
    from packhouse.plugins.stored import read_stored
    from packhouse.plugins.trial import try_change
    from packhouse.plugins.vault import Vault
    from packhouse.storage import Initiator

    settings = read_settings()
    vault = Vault.of(settings)

    async def run() -> None:
        database = await open_ready(settings, Outbox.undecided())
        try:
            stored = await read_stored(database, vault)
            host = PluginHost.load(settings.plugins, origin=settings.origin, stored=stored.choices, only_looking=True)
            proposed = try_change(host, stored, change)
            await database.write(
                Initiator(ACTOR, ORIGIN), partial(make_change, vault=vault, change=change, proposed=proposed)
            )
        finally:
            await database.close()

    asyncio.run(run())
