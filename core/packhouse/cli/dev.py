"""`packhouse dev`: PostgreSQL and NATS out of their wheels, for developing on the grown-up set-up without any server."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from packhouse.cli.tokens import show_token
from packhouse.cli.working import migrate_database, read_settings, write

if TYPE_CHECKING:
    from packhouse.settings import Settings

_LOOK_SECONDS = 0.2
_TOKEN = "development"  # noqa: S105  (the token's name)
_Processes = dict[str, "subprocess.Popen[bytes]"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(dev)


def dev(
    folder: Annotated[Path, typer.Option(help="Where the servers keep their data.")] = Path(".packhouse"),
    serve: Annotated[bool, typer.Option("--serve", help="Start an API and a worker as well.")] = False,
) -> None:
    """Start PostgreSQL and NATS from their wheels, prepare the database, and stop both with Ctrl-C."""
    from packhouse.servers.nats import NatsServer, free_port
    from packhouse.servers.postgres import running_postgres

    with ExitStack() as stack:
        stop = stack.enter_context(_stopped_by_signals())
        _make(folder)
        database_url = stack.enter_context(running_postgres(folder / "postgres"))
        nats = NatsServer(free_port(), folder / "nats")
        nats.start()
        stack.callback(nats.stop)
        variables = _variables(folder, database_url, nats.url)
        os.environ.update(variables)
        _prepare(read_settings())
        for name in ("PACKHOUSE_DATABASE__URL", "PACKHOUSE_NATS__URL"):
            typer.echo(f"{name}={variables[name]}")
        processes = stack.enter_context(_processes()) if serve else {}
        typer.echo("Stop all of it with Ctrl-C")
        ended = _wait(stop, processes)
    if ended:
        raise typer.Exit(_tell(ended, processes[ended].returncode))


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def _variables(folder: Path, database_url: str, nats_url: str) -> Mapping[str, str]:
    """What every process is told; the key that signs links is kept in the folder, so that all have one and the same."""
    key = folder / "secret_key"
    if not key.exists():
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
    return {
        "PACKHOUSE_DATABASE__URL": database_url,
        "PACKHOUSE_NATS__URL": nats_url,
        "PACKHOUSE_SECURITY__SECRET_KEY": os.environ.get("PACKHOUSE_SECURITY__SECRET_KEY") or key.read_text("utf-8"),
    }


def _prepare(settings: "Settings") -> None:
    from packhouse.tokens.commands.create_token import create_admin_token

    if "0001_initial" in migrate_database(settings):
        show_token(_TOKEN, write(settings, lambda uow: create_admin_token(uow, _TOKEN)), ["*"])


@contextmanager
def _processes() -> Iterator[_Processes]:
    """An API and a worker, each a process that is stopped in the end as a process manager would."""
    serve = [sys.executable, "-m", "packhouse.cli", "serve", "--role"]
    # sessions of their own: Ctrl-C is for this command, which stops them
    processes = {
        "api": subprocess.Popen([*serve, "api"], start_new_session=True),  # noqa: S603  (our own arguments)
        "worker": subprocess.Popen([*serve, "worker", "--port", "0"], start_new_session=True),  # noqa: S603
    }
    try:
        yield processes
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait()


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM set the event, so that everything that was started is stopped."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(stop: threading.Event, processes: _Processes) -> str:
    """Wait for a signal; the name of a process that has ended by itself before one came."""
    while not stop.wait(_LOOK_SECONDS):
        for name, process in processes.items():
            if process.poll() is not None:
                return name
    return ""


def _tell(name: str, code: int) -> int:
    typer.echo(f"The {name} ended by itself with code {code}: everything was stopped", err=True)
    return 1
