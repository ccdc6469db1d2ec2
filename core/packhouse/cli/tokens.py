"""`packhouse token`: who may call the API."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

from typing import Annotated

import typer

from packhouse.cli.working import read_settings, write

Name = Annotated[str, typer.Argument(help="What the token is for: a person, a shop, a script.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="Access tokens of the API.")
    commands.command("create")(create)
    commands.command("revoke")(revoke)
    app.add_typer(commands, name="token")


def create(name: Name) -> None:
    """Make an access token and print it once."""
    from packhouse.web.authentication import create_access_token

    show_token(name, write(read_settings(), lambda uow: create_access_token(uow, name)))


def revoke(name: Name) -> None:
    """Take a token out of force; running servers notice within seconds."""
    from packhouse.web.authentication import revoke_access_token

    write(read_settings(), lambda uow: revoke_access_token(uow, name))
    typer.echo(f"The token {name} is revoked")


def show_token(name: str, token: str) -> None:
    """Print a token with what to do with it."""
    typer.echo(
        f"Access token {name}, shown this once:\n\n    {token}\n\nSend it as: Authorization: Bearer {token[:6]}..."
    )
