"""`packhouse serve`: the API, until it is told to stop."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import asyncio
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from packhouse.cli.working import read_settings

if TYPE_CHECKING:
    from packhouse.settings import Settings

_QUEUE = 2048


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on instead of server.host.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port instead of server.port.")] = None,
    role: Annotated[
        str, typer.Option(help="all, or with PostgreSQL: api (requests) or worker (deliveries, jobs).", metavar="ROLE")
    ] = "all",
) -> None:
    """Start the API, or a worker behind it."""
    from packhouse.app import Role, create_app
    from packhouse.telemetry.logs import set_up_logs
    from packhouse.telemetry.secrets import Secrets
    from packhouse.web.server import make_server

    if role not in set(Role):
        raise typer.BadParameter("expected all, api or worker", param_hint="--role")

    settings = _chosen(read_settings(), host, port)
    secrets = Secrets.of(settings)
    set_up_logs(settings.logging, secrets)
    asyncio.run(_check(settings))
    with listen(settings) as listening:
        app = create_app(settings, role=Role(role), secrets=secrets)
        _tell(settings, address_of(settings, listening), role)
        make_server(settings, app, app.state.house.stopping).run(sockets=[listening])


def _tell(settings: "Settings", address: str, role: str) -> None:
    from packhouse.app import Role

    if role == Role.WORKER:
        typer.echo(f"Packhouse works; its health is at {address}/health/ready, stop it with Ctrl-C")
    else:
        typer.echo(f"Packhouse answers at {address}/graphql, stop it with Ctrl-C")
    if settings.server.graphiql and role != Role.WORKER:
        typer.echo(f"GraphiQL: {address}/graphql in a browser")


def listen(settings: "Settings") -> socket.socket:
    """A socket at the settings' address.

    Raises:
        SettingsError: the address is taken, or not ours.
    """
    from packhouse.settings import SettingsError
    from packhouse.web.server import listen_at

    host, port = settings.server.host, settings.server.port
    try:
        return listen_at(host, port, backlog=_QUEUE)
    except OSError as error:
        problem = f"cannot listen on {host} port {port}: {error.strerror}; set server.port, or use --port"
        raise SettingsError([problem]) from error


def address_of(settings: "Settings", listening: socket.socket) -> str:
    """Where a browser on this machine finds the server."""
    host = settings.server.host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  (compared, not bound)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{listening.getsockname()[1]}"


def _chosen(settings: "Settings", host: str | None, port: int | None) -> "Settings":
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return settings.model_copy(update={"server": settings.server.model_copy(update=changed)})


async def _check(settings: "Settings") -> None:
    """Refuse now and clearly what would stop the start with a stack trace."""
    from packhouse.events.outbox import Outbox
    from packhouse.opening import open_ready

    database = await open_ready(settings, Outbox(), serves=True)
    await database.close()
