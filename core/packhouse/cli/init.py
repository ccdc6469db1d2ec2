"""`packhouse init`: from nothing to a Packhouse that can be started."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import os
from pathlib import Path

import typer

from packhouse.cli.tokens import show_token
from packhouse.cli.working import migrate_database, read_settings, write


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init() -> None:
    """Write a first configuration, create the database's tables, and print an admin token once."""
    from packhouse.sdk import Refused
    from packhouse.settings import SettingsError, write_first_configuration
    from packhouse.tokens.commands.create_token import create_admin_token

    path = Path(os.environ.get("PACKHOUSE_CONFIG") or "packhouse.toml")
    if path.exists():
        problem = (
            f"{path} is there already, so this Packhouse is set up and nothing was changed. "
            "`packhouse serve` starts it, `packhouse db migrate` updates its database, "
            "`packhouse token create NAME` makes another token"
        )
        raise SettingsError([problem])
    write_first_configuration(path)
    typer.echo(f"Wrote {path}")
    settings = read_settings()
    applied = migrate_database(settings)
    typer.echo(f"Prepared the database {settings.database.shown_url} ({len(applied)} migrations)")
    try:
        token = write(settings, lambda uow: create_admin_token(uow, "admin"))
    except Refused as refused:
        typer.echo(f"No new token: {refused.message}")
    else:
        show_token("admin", token, ["*"])
    typer.echo("Start it with: packhouse serve")
