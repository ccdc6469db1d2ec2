"""`rolling-update.sh`, with a systemd that writes down what it is asked for; a booted one is not to be had in a test."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path("config/deploy/rolling-update.sh").resolve()
SYSTEMCTL = """#!/bin/sh
echo "$* ($(readlink "$PACKHOUSE_HOME/current"))" >> "$PACKHOUSE_HOME/asked"
case "$*" in
    list-units*) printf 'packhouse-api@8001.service loaded\\npackhouse-worker@8101.service loaded\\n' ;;
    "restart $FAILS") exit 1 ;;
esac
"""
CURL = """#!/bin/sh
for url; do :; done
[ "$url" != "$NOT_READY" ]
"""


@dataclass
class Machine:
    """A machine on which version 1.0 runs and 1.1 is installed."""

    home: Path

    def update(self, version: str, *, fails: str = "", not_ready: str = "") -> "subprocess.CompletedProcess[str]":
        """Run the script, where systemd or readiness fail."""
        return subprocess.run(
            [SCRIPT, version],
            env={
                "PATH": f"{self.home / 'stand-ins'}:{os.environ['PATH']}",
                "PACKHOUSE_HOME": str(self.home),
                "FAILS": fails,
                "NOT_READY": not_ready,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def current(self) -> str:
        """The version that starts."""
        return str((self.home / "current").readlink())

    @property
    def asked(self) -> list[str]:
        """What systemd was asked for, with the version that would start then."""
        return (self.home / "asked").read_text("utf-8").splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for version in ("1.0", "1.1"):
        program(tmp_path / version / "bin" / "packhouse", "#!/bin/sh\n")
    (tmp_path / "current").symlink_to("1.0")
    program(tmp_path / "stand-ins" / "systemctl", SYSTEMCTL)
    program(tmp_path / "stand-ins" / "curl", CURL)
    program(tmp_path / "stand-ins" / "sleep", "#!/bin/sh\n")
    return Machine(tmp_path)


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(0o755)


def restarts(machine: Machine) -> list[str]:
    return [line.removeprefix("restart ") for line in machine.asked if line.startswith("restart ")]


def test_the_database_first_then_one_after_the_other(machine: Machine) -> None:
    done = machine.update("1.1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["packhouse-api@8001.service is ready", "packhouse-worker@8101.service is ready"]
    assert restarts(machine) == [
        "packhouse-migrate.service (1.1)",
        "packhouse-api@8001.service (1.1)",
        "packhouse-worker@8101.service (1.1)",
    ]


def test_after_a_failed_migration_the_version_before_runs_on(machine: Machine) -> None:
    done = machine.update("1.1", fails="packhouse-migrate.service")
    assert (done.returncode, machine.current) == (1, "1.0")
    assert "the migration failed, 1.0 runs on" in done.stderr
    assert restarts(machine) == ["packhouse-migrate.service (1.1)"]


def test_it_stops_at_the_first_that_is_not_ready(machine: Machine) -> None:
    done = machine.update("1.1", not_ready="http://127.0.0.1:8001/health/ready")
    assert done.returncode == 1
    assert "packhouse-api@8001.service is not ready; those after it were left alone" in done.stderr
    assert restarts(machine) == ["packhouse-migrate.service (1.1)", "packhouse-api@8001.service (1.1)"]


@pytest.mark.parametrize("version", ["1.2", ""])
def test_a_version_that_is_not_installed_changes_nothing(machine: Machine, version: str) -> None:
    done = machine.update(version)
    assert (done.returncode, machine.current) == (2, "1.0")
    assert "usage: rolling-update.sh VERSION" in done.stderr
    assert not (machine.home / "asked").exists()
