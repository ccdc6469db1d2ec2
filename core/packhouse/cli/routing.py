"""`packhouse routing`: deciding past orders again, by rules to try."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="Where orders are sent from.")
    # a group of one command, so that it keeps its name
    commands.callback()(_group)
    commands.command("replay")(replay)
    app.add_typer(commands, name="routing")


def _group() -> None:
    """Where orders are sent from."""


def replay(
    since: Annotated[datetime, typer.Option("--from", help="Decisions from then on (UTC).", formats=_FORMATS)],
    until: Annotated[datetime, typer.Option("--to", help="Decisions before then (UTC).", formats=_FORMATS)],
    rules: Annotated[
        Path | None, typer.Option("--rules", help="TOML file of rules to try; without: those of that time.")
    ] = None,
    placement: Annotated[
        list[str] | None,
        typer.Option("--place", help="Try with so much of a SKU at a location: SKU=location:percent. May be repeated."),
    ] = None,
) -> None:
    """Decide past orders again and compare: parcels, splits, distance, cost. Nothing is changed."""
    from packhouse.cli import replaying

    replaying.run_replay(since, until, rules, placement or ())
