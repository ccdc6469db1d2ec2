"""`packhouse export` and `packhouse import` of sheets as a user runs them."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from packhouse.cli import make_app
from packhouse.events.outbox import Outbox
from packhouse.events.positions import assign_positions
from packhouse.sdk import EventType
from packhouse.storage import open_database
from packhouse.storage.dialect import read_json
from packhouse.testing.factories import make_shop


def run(*arguments: str) -> Result:
    return CliRunner().invoke(make_app(), list(arguments))


@pytest.fixture(autouse=True)
def _shop(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACKHOUSE_DATABASE__URL", sqlite_url)
    monkeypatch.setenv("PACKHOUSE_PROFILE", "default")

    async def prepare() -> None:
        database = await open_database(sqlite_url, before_commit=Outbox().flush)
        await make_shop(database)
        await database.close()

    asyncio.run(prepare())


def test_what_was_exported_changes_nothing(tmp_path: Path) -> None:
    for sheet in ("catalog", "prices", "stock"):
        written = run("export", sheet, f"{sheet}.xlsx")
        assert (written.exit_code, written.output.splitlines()[-1]) == (0, f"{sheet}.xlsx: 2 rows")
        dry = run("import", sheet, f"{sheet}.xlsx", "--dry-run")
        assert dry.exit_code == 0, dry.output
        assert [line.split()[-2] for line in dry.output.splitlines() if "change" in line and "│" in line] == ["0", "2"]
    assert not (tmp_path / "rejects").exists()


def test_exit_codes_and_rejects(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text("sku,title\nMUG,\nCUP,A cup\n")
    mixed = run("import", "catalog", "catalog.csv", "--rejects", "bad.csv")
    assert mixed.exit_code == 0, mixed.output
    assert (tmp_path / "bad.csv").read_text().splitlines()[1:] == ["catalog.csv,2,title: a variant needs a title,MUG,"]
    (tmp_path / "catalog.csv").write_text("sku,title\nMUG,\n")
    assert run("import", "catalog", "catalog.csv").exit_code == 1
    (tmp_path / "catalog.csv").write_text("sku,name\nMUG,x\n")
    refused = run("import", "catalog", "catalog.csv")
    assert (refused.exit_code, "there is no such column" in refused.output) == (2, True)
    assert run("import", "stock").exit_code == 2
    assert not list(tmp_path.glob("*.part"))


def test_whoever_numbers_the_events_of_an_import_tells_the_plugins(sqlite_url: str, tmp_path: Path) -> None:
    """Also those that were enabled in the database, of which the command knows nothing."""
    (tmp_path / "catalog.csv").write_text("sku,title\nCUP,A cup\n")
    assert run("import", "catalog", "catalog.csv").exit_code == 0

    async def number() -> list[tuple[str, str, str]]:
        outbox = Outbox({EventType.VARIANT_CHANGED: ("crm",)}, version=0)
        database = await open_database(sqlite_url, before_commit=outbox.flush)
        await assign_positions(database, outbox)
        rows = await database.fetch(
            "SELECT delivery.plugin, event.origin, event.payload FROM delivery JOIN event ON event.id = event_id"
        )
        await database.close()
        return [(row["plugin"], row["origin"], read_json(row["payload"])["sku"]) for row in rows]

    assert asyncio.run(number()) == [("crm", "cli", "CUP")]
