"""The demo as people start it: a process of its own, until every order has reached its end."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from packhouse.cli import main
from packhouse.events.outbox import Outbox
from packhouse.storage import Database, open_database
from packhouse.storage.dialect import Dialect
from packhouse.testing.proofs import contradictions

ROW = re.compile(r"^ (DEMO-[0-9A-Z]{5}-\d{3})  .*$", re.MULTILINE)
NUMBER = re.compile(r"DM[0-9A-Z]{18}")
_SECONDS = 240
# what belongs to the installation: when each job ran last, and how far each reader of the log has come, is nothing of the demo
_UNTOUCHED = {"tortoise_migrations", "position_counter", "job", "log_reader"}


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PACKHOUSE_")}


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from packhouse.cli import main; main()", "demo", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def fetch(url: str, *statements: str) -> list[Sequence[Mapping[str, Any]]]:
    async def run() -> list[Sequence[Mapping[str, Any]]]:
        database = await open_database(url, before_commit=Outbox().flush)
        try:
            return [await database.fetch(statement) for statement in statements]
        finally:
            await database.close()

    return asyncio.run(run())


def verified(url: str) -> list[str]:
    """What `packhouse verify` finds."""

    async def run() -> list[str]:
        database = await open_database(url, before_commit=Outbox().flush)
        try:
            return await contradictions(database)
        finally:
            await database.close()

    return asyncio.run(run())


def filled_tables(url: str) -> set[str]:
    async def run() -> set[str]:
        database = await open_database(url, before_commit=Outbox().flush)
        try:
            return {
                table for table in await _tables(database) if await database.fetch(f'SELECT 1 FROM "{table}" LIMIT 1')
            }
        finally:
            await database.close()

    return asyncio.run(run())


async def _tables(database: Database) -> list[str]:
    named = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if database.dialect is Dialect.SQLITE
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    )
    return [row["name"] for row in await database.fetch(named)]


def test_every_order_reaches_its_end_and_reset_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    done = demo(tmp_path, *["--once", "--orders", "4", "--speed", "fast", "--port", "0"], "--database", database_url)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "All 4 orders reached their end." in done.stdout

    table = {row[1]: row[0] for row in ROW.finditer(done.stdout.partition("What happened to each order")[2])}
    orders, parcels, reviews, refunds, held = fetch(
        database_url,
        "SELECT number, status FROM orders",
        "SELECT o.number, s.tracking_number, s.status, l.name FROM shipment s"
        " JOIN orders o ON o.id = s.order_id JOIN location l ON l.id = s.location_id",
        "SELECT o.number, r.score FROM review r JOIN orders o ON o.id = r.order_id",
        "SELECT o.number, r.status, r.provider, q.status AS returned FROM refund r"
        " JOIN orders o ON o.id = r.order_id JOIN return_request q ON q.id = r.return_id",
        "SELECT o.number, h.reason, h.released_at FROM hold h JOIN orders o ON o.id = h.order_id",
    )
    assert {row["number"]: row["status"] for row in orders} == dict.fromkeys(table, "completed")
    assert {row["status"] for row in parcels} == {"delivered"}
    for number, row in table.items():
        own = [parcel for parcel in parcels if parcel["number"] == number]
        assert set(NUMBER.findall(row)) == {parcel["tracking_number"] for parcel in own}
        for parcel in own:
            assert parcel["name"] in row
        (score,) = [review["score"] for review in reviews if review["number"] == number]
        assert f"{score} of 5" in row
        assert "demo-carrier" in row

    first, second, third, fourth = sorted(table)
    assert [dict(row) for row in refunds] == [
        {"number": first, "status": "done", "provider": "demo-pay", "returned": "closed"}
    ]
    assert "19.00 GBP refunded" in table[first]
    ((number, reason, released_at),) = [tuple(row.values()) for row in map(dict, held)]
    assert (number, reason) == (second, "payment")
    assert released_at is not None
    assert "Demo 3PL hub (simulated)" in table[third]
    assert len(NUMBER.findall(table[fourth])) == 2
    for title in ("Time in each step", "Promised against actual delivery", "Busiest hours of the week"):
        assert title in done.stdout

    assert verified(database_url) == []

    assert demo(tmp_path, "--reset", "--database", database_url).returncode == 0
    assert filled_tables(database_url) <= _UNTOUCHED


def test_a_second_run_adds_its_own_orders(sqlite_url: str, tmp_path: Path) -> None:
    for _ in range(2):
        done = demo(tmp_path, *["--once", "--orders", "1", "--speed", "fast", "--port", "0"], "--database", sqlite_url)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
    (orders,) = fetch(sqlite_url, "SELECT number, status FROM orders")
    assert [row["status"] for row in orders] == ["completed", "completed"]
    (tokens,) = fetch(sqlite_url, "SELECT 1 FROM access_token WHERE revoked_at IS NULL")
    assert len(tokens) == 1


@contextmanager
def running_demo(folder: Path, url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from packhouse.cli import main; main()",
            "demo",
            "--database",
            url,
            "--port",
            "0",
            *arguments,
        ],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"the demo ended without {text!r}")


@pytest.mark.parametrize(("number", "arguments", "code"), [(signal.SIGINT, (), 0), (signal.SIGTERM, ("--once",), 1)])
def test_a_signal_stops_it_cleanly(
    sqlite_url: str, tmp_path: Path, number: signal.Signals, arguments: tuple[str, ...], code: int
) -> None:
    with running_demo(tmp_path, sqlite_url, "--orders", "3", "--speed", "slow", *arguments) as process:
        wait_for(process, "-001")
        started = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (code, "")
        assert time.monotonic() - started < 30
    assert "did not reach its end: not delivered" in out


def test_it_keeps_running_until_it_is_stopped(sqlite_url: str, tmp_path: Path) -> None:
    with running_demo(tmp_path, sqlite_url, "--orders", "1", "--speed", "fast") as process:
        wait_for(process, "The server keeps running")
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")


def run_in(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("PACKHOUSE_")]:
        monkeypatch.delenv(name)
    with pytest.raises(SystemExit) as ended:
        main(["demo", *arguments])
    return int(ended.value.code or 0)


def test_a_port_in_use_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run_in(tmp_path, monkeypatch, "--port", port) == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "quick"])
def test_a_speed_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], speed: str
) -> None:
    assert run_in(tmp_path, monkeypatch, f"--speed={speed}") == 2
    assert "neither slow, normal or fast" in " ".join(capsys.readouterr().err.split())


def test_reset_of_a_database_that_is_not_there_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_in(tmp_path, monkeypatch, "--reset") == 0
    assert capsys.readouterr().out == "There was nothing of the demo to remove.\n"
    assert list(tmp_path.iterdir()) == []


def test_without_the_plugin_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("packhouse.demo.shop.entry_points", lambda **_: ())
    assert run_in(tmp_path, monkeypatch, "--port", "0") == 2
    assert "pip install packhouse-demo" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
