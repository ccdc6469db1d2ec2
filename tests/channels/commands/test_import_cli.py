"""`packhouse import` as a user runs it: exit codes, the rejects file, and what is said."""

import asyncio
import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from packhouse.cli import make_app
from packhouse.events.outbox import Outbox
from packhouse.storage import open_database
from packhouse.testing.factories import make_shop

MAPPING = """
channel = "old"
currency = "GBP"
[orders]
file = "orders.csv"
key = "id"
columns = { placed_at = "at", total = "total" }
[stock]
file = "stock.csv"
columns = { sku = "sku", location = "place", counted = "units" }
"""

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACKHOUSE_DATABASE__URL", sqlite_url)
    monkeypatch.setenv("PACKHOUSE_PROFILE", "default")
    (tmp_path / "mapping.toml").write_text(MAPPING)
    (tmp_path / "orders.csv").write_text("id,at,total\nA,2026-01-05,10.00\nB,2026-01-05,ten\n")
    (tmp_path / "stock.csv").write_text("sku,place,units\nMUG,london,3\nCUP,london,1\n")

    def run(what: str, *options: str) -> Result:
        return CliRunner().invoke(make_app(), ["import", what, "--mapping", "mapping.toml", *options])

    return run


def test_orders_come_in_and_bad_rows_go_to_a_file(run: Run, tmp_path: Path) -> None:
    first = run("orders")
    assert first.exit_code == 0, first.output
    (rejects,) = (tmp_path / "rejects").iterdir()
    assert rejects.name.startswith("mapping-")
    assert str(rejects.relative_to(tmp_path)) in first.output
    with rejects.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["file", "line", "reason", "row"],
            ["orders.csv", "3", "total: 'ten' is not a number", "B", "2026-01-05", "ten"],
        ]
    again = run("orders", "--rejects", "again.csv")
    assert again.exit_code == 0
    assert (tmp_path / "again.csv").exists()


def test_stock_comes_in(run: Run, sqlite_url: str, tmp_path: Path) -> None:
    async def prepare() -> None:
        database = await open_database(sqlite_url, before_commit=Outbox().flush)
        await make_shop(database)
        await database.close()

    asyncio.run(prepare())
    result = run("stock", "--rejects", "rejects.csv")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "rejects.csv").read_text().splitlines()[1:] == [
        "stock.csv,3,there is no variant with SKU CUP: create it first,CUP,london,1"
    ]

    async def told() -> list[tuple[str, str, int]]:
        database = await open_database(sqlite_url, before_commit=Outbox().flush)
        rows = await database.fetch("SELECT type, origin, plugins_version FROM event WHERE origin <> 'test'")
        await database.close()
        return [(row["type"], row["origin"], row["plugins_version"]) for row in rows]

    # whoever numbers it decides which plugins hear of it
    assert asyncio.run(told()) == [("stock_adjusted", "cli", -1)]


def test_nothing_to_read_is_1_and_a_bad_mapping_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id,at,total\nB,2026-01-05,ten\n")
    assert run("orders").exit_code == 1
    absent = run("orders", "--data", "elsewhere")
    assert (absent.exit_code, "orders.csv cannot be read" in absent.output) == (1, True)
    (tmp_path / "mapping.toml").write_text(MAPPING.replace("currency", "curency"))
    bad = run("orders")
    assert (bad.exit_code, "unknown key curency (did you mean currency?)" in bad.output) == (2, True)
    assert run("stock").exit_code == 2
