"""`packhouse db`: the database's schema."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import asyncio

import typer

from packhouse.cli.working import migrate_database, read_settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="The database's schema.")
    commands.command("migrate")(migrate)
    commands.command("make")(make)
    app.add_typer(commands, name="db")


def migrate() -> None:
    """Bring the database to the newest schema."""
    settings = read_settings()
    applied = migrate_database(settings)
    for name in applied:
        typer.echo(f"Applied {name}")
    if not applied:
        typer.echo(f"The database {settings.database.shown_url} is up to date")


def make() -> None:
    """Write migrations for changed models (for work on Packhouse itself). Read them: a rename shows as drop and add."""
    from packhouse.storage.migrate import make_migrations

    paths = asyncio.run(make_migrations())
    for path in paths:
        typer.echo(f"Wrote {path}")
    if not paths:
        typer.echo("No model has changed")
