"""The command `packhouse`: one file a command, which imports what it needs when it runs, so that `--help` is quick."""

import sys
from collections.abc import Sequence

import typer

from packhouse.cli import (
    db,
    demo,
    dev,
    docs,
    export_sheets,
    import_orders,
    init,
    plugin,
    routing,
    serve,
    settings,
    tokens,
    verify,
)
from packhouse.cli.process import raise_file_limit, use_system_allocator

_WRONG = 2


def make_app() -> typer.Typer:
    """The command line with all commands."""
    app = typer.Typer(
        name="packhouse",
        help="An open-source order management system: every order and all stock in one place.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    for command in (
        init,
        demo,
        dev,
        serve,
        import_orders,
        export_sheets,
        settings,
        tokens,
        db,
        plugin,
        routing,
        verify,
        docs,
    ):
        command.register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 for what the user can put right, told in a sentence and no stack trace."""
    if arguments is None and sys.argv[1:2] == ["serve"]:
        use_system_allocator()
        raise_file_limit()
    app = make_app()
    try:
        app(args=None if arguments is None else list(arguments))
    except Exception as error:
        if not _is_the_users(error):
            raise
        typer.echo(f"packhouse: {error}", err=True)
        sys.exit(_WRONG)


def _is_the_users(error: Exception) -> bool:
    from packhouse.opening import DatabaseNotReady  # noqa: PLC0415  (only a failure pays for it)
    from packhouse.sdk import PackhouseError  # noqa: PLC0415
    from packhouse.settings import SettingsError  # noqa: PLC0415
    from packhouse.storage.migrate import MigrationFailed  # noqa: PLC0415

    return isinstance(error, SettingsError | DatabaseNotReady | PackhouseError | MigrationFailed)
