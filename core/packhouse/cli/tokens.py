"""`packhouse token`: who may call the API, and what each may do."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

from datetime import timedelta
from typing import Annotated

import typer

from packhouse.cli.working import read_settings, write

Name = Annotated[str, typer.Argument(help="What the token is for: a person, a shop, a script.")]
May = Annotated[
    list[str] | None,
    typer.Option(
        "--may", help="What it may do: orders.read, fulfillment.write (`packhouse docs permissions` says what is what)."
    ),
]
Why = Annotated[str, typer.Option("--reason", help="Why, for the log of events.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="Access tokens of the API.")
    commands.command("create")(create)
    commands.command("change")(change)
    commands.command("revoke")(revoke)
    commands.command("list")(list_tokens)
    app.add_typer(commands, name="token")


def create(
    name: Name,
    may: May = None,
    expires_in_days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="For how many days it is valid; without, until it is revoked.")
    ] = None,
    reason: Why = "",
) -> None:
    """Make an access token and print it once. Without --may it is an administrator's, who may do everything."""
    from packhouse.sdk import now
    from packhouse.tokens.commands.create_token import CreateToken, create_token
    from packhouse.tokens.rules import OPERATOR
    from packhouse.web.permissions import ALL, Permissions

    permissions = Permissions.of(may, "--may") if may else ALL
    expires_at = None if expires_in_days is None else now() + timedelta(days=expires_in_days)
    data = CreateToken(name, permissions, expires_at, reason)
    show_token(name, write(read_settings(), lambda uow: create_token(uow, data, OPERATOR)), permissions.words)


def change(name: Name, may: May = None, reason: Why = "") -> None:
    """Let a token do what --may says, and nothing else; running servers notice within seconds."""
    from packhouse.tokens.commands.change_token import change_token
    from packhouse.tokens.rules import OPERATOR
    from packhouse.web.permissions import Permissions

    permissions = Permissions.of(may or (), "--may")
    write(read_settings(), lambda uow: change_token(uow, name, permissions, OPERATOR, reason))
    typer.echo(f"The token {name} may now do: {', '.join(permissions.words)}")


def revoke(name: Name, reason: Why = "") -> None:
    """Take a token out of force; running servers notice within seconds."""
    from packhouse.tokens.commands.revoke_token import revoke_token
    from packhouse.tokens.rules import OPERATOR

    write(read_settings(), lambda uow: revoke_token(uow, name, OPERATOR, reason))
    typer.echo(f"The token {name} is revoked")


def list_tokens() -> None:
    """Show the tokens that were not revoked: who made them, until when they are valid, and what they may do."""
    from packhouse.sdk import now
    from packhouse.tokens.queries import kept_tokens

    rows = write(read_settings(), lambda _: kept_tokens())
    for row in rows:
        end = "without end" if row.expires_at is None else f"{row.expires_at:%Y-%m-%d %H:%M} UTC"
        until = f"expired {end}" if row.expires_at is not None and row.expires_at <= now() else f"valid {end}"
        typer.echo(f"{row.name}: by {row.created_by}, {row.created_at:%Y-%m-%d}; {until}; {', '.join(row.permissions)}")
    if not rows:
        typer.echo("There are no tokens: packhouse token create NAME makes one")


def show_token(name: str, token: str, words: list[str]) -> None:
    """Print a token with what to do with it."""
    typer.echo(
        f"Access token {name}, shown this once:\n\n    {token}\n\nSend it as: Authorization: Bearer {token[:6]}...\n"
        f"It may do: {'everything' if words == ['*'] else ', '.join(words)}"
    )
