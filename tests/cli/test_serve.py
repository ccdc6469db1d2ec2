"""`packhouse serve` as a process of its own, in a folder with nothing else: how it answers, ends, and gives back what a crowd used.

Many of them on PostgreSQL are in tests/faults.
"""

import asyncio
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from tests.benchmarks.subscribers import leave_all, subscribe_all, subscription
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from packhouse.cli import main
from packhouse.cli.process import raise_file_limit

TOKEN = re.compile(r"ph_[A-Za-z0-9_-]{43}")
FOLLOW = "subscription { orderEvents { cursor type } }"
_FEW, _MANY = 100, 2_000


def init(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """A house of its own in an empty folder; its token."""
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("PACKHOUSE_")]:
        monkeypatch.delenv(name)
    with pytest.raises(SystemExit):
        main(["init"])
    return TOKEN.findall(capsys.readouterr().out)[0]


@pytest.fixture
def serving(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """`packhouse serve` as a process of its own: the process, its address, an admin token. Its end takes 1 s, or as said."""
    token = init(tmp_path, monkeypatch, capsys)
    monkeypatch.delenv("PYTHONMALLOC", raising=False)
    environment = {**os.environ, "PACKHOUSE_SERVER__PORT": "0", "PACKHOUSE_PLUGINS__ENABLED": "[]"}
    environment["PACKHOUSE_SERVER__GRACEFUL_SHUTDOWN_SECONDS"] = getattr(request, "param", "1")
    command = [sys.executable, "-u", "-c", "from packhouse.cli import main; main()", "serve"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert address is not None, process.stderr.read() if process.stderr else ""
        yield process, address[0], token
        if process.poll() is None:
            process.kill()


def test_serve_answers_and_ends_on_sigterm(serving: tuple[subprocess.Popen[str], str, str]) -> None:
    process, address, token = serving
    request = urllib.request.Request(  # noqa: S310  (an address of this machine)
        f"{address}/graphql",
        data=orjson.dumps({"query": "{ __typename }"}),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
        assert orjson.loads(response.read()) == {"data": {"__typename": "Query"}}
        assert response.headers["server"] is None
    # an open subscription does not keep the server from ending
    with connect(
        f"ws{address.removeprefix('http')}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]
    ) as live:
        live.send(orjson.dumps({"type": "connection_init", "payload": {"token": token}}), text=True)
        assert orjson.loads(live.recv(timeout=10)) == {"type": "connection_ack"}
        query = "subscription { orderEvents { __typename } }"
        live.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}), text=True)
        live.send(orjson.dumps({"type": "ping"}), text=True)
        assert orjson.loads(live.recv(timeout=10)) == {"type": "pong"}
        process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert "Traceback" not in errors
    # who connects is nobody's business
    assert "WebSocket" not in errors
    assert process.returncode == 0


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("serving", ["60"], indirect=True)
def test_a_second_signal_ends_it_at_once(serving: tuple[subprocess.Popen[str], str, str]) -> None:
    process, address, token = serving
    port = int(address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as unfinished:
        # a request whose body never comes
        head = f"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
        unfinished.sendall(f"{head}content-type: application/json\r\ncontent-length: 99\r\n\r\n".encode())
        process.send_signal(signal.SIGTERM)
        while _listens(port):
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == -signal.SIGTERM


def of_process(process: subprocess.Popen[str], what: str) -> bytes:
    """What the system says of a process."""
    return Path(f"/proc/{process.pid}/{what}").read_bytes()


def memory_of(process: subprocess.Popen[str]) -> int:
    """Resident bytes."""
    return int(of_process(process, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="gives memory back page by page with GNU's C library only"
)
async def test_what_a_crowd_used_goes_back(serving: tuple[subprocess.Popen[str], str, str]) -> None:
    process, address, token = serving
    port, messages = int(address.rpartition(":")[2]), subscription(token, FOLLOW)
    raise_file_limit()
    assert b"PYTHONMALLOC=malloc" in of_process(process, "environ").split(b"\0")
    # what is made once by the first clients lasts
    await leave_all(await subscribe_all(port, "/graphql", messages, _FEW))
    before = memory_of(process)
    crowd = await subscribe_all(port, "/graphql", messages, _MANY)
    used = memory_of(process) - before
    await leave_all(crowd)
    async with asyncio.timeout(60):
        while memory_of(process) - before > used / 4:  # noqa: ASYNC110  (another process's memory)
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("chosen", ["pymalloc", "malloc"])
def test_whoever_chose_an_allocator_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], chosen: str
) -> None:
    del capsys
    code = "import sys, packhouse.cli.process as a; a.os.execv = lambda *_: print('anew'); a.use_system_allocator()"
    for environment, said in (({"PYTHONMALLOC": chosen}, ""), ({}, "anew\n")):
        monkeypatch.delenv("PYTHONMALLOC", raising=False)
        ended = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | environment,
            cwd=tmp_path,
        )
        assert ended.stdout == said
