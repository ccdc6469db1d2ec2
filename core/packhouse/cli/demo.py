"""`packhouse demo`: orders that live through all eight steps, with simulators at the other end of every line."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import asyncio
import logging
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from packhouse.settings import Settings

DATABASE_URL = "sqlite://packhouse-demo.sqlite3"
_SPEEDS = {"slow": 0.5, "normal": 1.0, "fast": 5.0}
_MOST_ORDERS = 500
_FASTEST = 20.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def _speed(text: str) -> float:
    try:
        speed = _SPEEDS[text] if text in _SPEEDS else float(text)
    except ValueError:
        speed = 0.0
    # also refuses nan
    if not 0 < speed <= _FASTEST:
        raise typer.BadParameter(f"{text!r} is neither slow, normal or fast, nor a number up to {_FASTEST:g}")
    return speed


def demo(
    orders: Annotated[int, typer.Option(min=1, max=_MOST_ORDERS, help="Orders to place.")] = 12,
    speed: Annotated[
        float, typer.Option(parser=_speed, metavar="SPEED", help="slow, normal, fast, or a factor such as 2.5.")
    ] = "normal",  # type: ignore[assignment]  # typer parses the default, too
    once: Annotated[
        bool,
        typer.Option("--once", help="End when all is done: with 0 only if every order reached its end, else with 1."),
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Remove everything that the demo made from the database, and end.")
    ] = False,
    database: Annotated[str, typer.Option(help="Database to use, sqlite://FILE or postgresql://...")] = DATABASE_URL,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes a free one.")] = 8000,
) -> None:
    """Let demo orders live from the click to the review: every partner is simulated."""
    from packhouse.cli.working import read_settings
    from packhouse.demo.setup import demo_settings

    settings = demo_settings(read_settings(), database_url=database, port=port, speed=speed)
    if reset:
        _reset(settings)
        return
    code = _run(settings, orders=orders, speed=speed, once=once)
    if code:
        raise typer.Exit(code)


def _run(settings: "Settings", *, orders: int, speed: float, once: bool) -> int:
    from packhouse.cli.serve import address_of, listen
    from packhouse.demo.run import Demo, run_demo
    from packhouse.demo.screen import Screen, demo_console
    from packhouse.demo.shop import require_plugin

    require_plugin()
    console = demo_console()
    _log_to(settings)
    listening = listen(settings)
    with listening:
        chosen = Demo(orders, speed, once, address_of(settings, listening))
        return asyncio.run(run_demo(chosen, settings, listening, Screen(console)))


def _reset(settings: "Settings") -> None:
    from packhouse.demo.removal import remove_demo_data

    removed = asyncio.run(remove_demo_data(settings))
    for line in removed.lines():
        typer.echo(line)


def _log_to(settings: "Settings") -> None:
    """Warnings only: the screen shows the rest."""
    from packhouse.telemetry.logs import set_up_logs
    from packhouse.telemetry.secrets import Secrets

    level = max(logging.WARNING, logging.getLevelNamesMapping()[settings.logging.level])
    chosen = settings.logging.model_copy(update={"level": logging.getLevelName(level), "format": "text"})
    set_up_logs(chosen, Secrets.of(settings))
