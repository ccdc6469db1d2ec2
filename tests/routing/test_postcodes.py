"""Reading GeoNames' file, keeping it, and running that as a user does."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from packhouse.cli import make_app
from packhouse.events.models import EventRow
from packhouse.routing.commands.import_postcodes import PostcodeCount, import_postcodes
from packhouse.routing.coordinates import locate
from packhouse.routing.geography import Coordinates, Place
from packhouse.routing.models import Postcode
from packhouse.routing.postcodes import PostcodeFile, PostcodeRow
from packhouse.routing.states import CoordinateSource
from packhouse.sdk import SourceRow, Unreadable
from packhouse.storage import Database
from packhouse.testing.factories import BY
from packhouse.testing.statements import noted_statements, query_plan


def line(country: str, postcode: str, latitude: str, longitude: str, name: str = "Somewhere") -> str:
    return f"{country}\t{postcode}\t{name}\tEngland\tENG\t\t\t\t\t{latitude}\t{longitude}\t4"


GOOD = [
    line("GB", "E16", "51.50", "0.02"),
    line("GB", "LS1", "53.797", "-1.55"),
    line("gb", "e16", "51.52", "0.04", "Silvertown"),
    line("PL", "00-950", "52.25", "21.0"),
]
BAD = [
    ("GB\tE16\tonly three", "expected 12 columns separated by tabs, found 3"),
    (line("GBR", "E16", "51", "0"), "the first column is no country code of two letters"),
    (line("GB", " - ", "51", "0"), "the second column is no postcode"),
    (line("GB", "E16", "91", "0"), "the latitude (column 10) is no number from -90 to 90"),
    (line("GB", "E16", "nan", "0"), "the latitude (column 10) is no number from -90 to 90"),
    (line("GB", "E16", "51", "east"), "the longitude (column 11) is no number from -180 to 180"),
]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[list[str]], Path]:
    def write(lines: list[str]) -> Path:
        path = tmp_path / "GB.txt"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def read(write: Callable[[list[str]], Path]) -> Iterator[Callable[[list[str]], PostcodeFile]]:
    files = []

    def read(lines: list[str]) -> PostcodeFile:
        file = PostcodeFile(write(lines))
        files.append(file)
        file.read(lambda source, reason: pytest.fail(f"{source}: {reason}"), lambda _: None)
        return file

    yield read
    for file in files:
        file.close()


async def kept() -> dict[tuple[str, str], tuple[float, float]]:
    return {(row.country, row.postcode): (row.latitude, row.longitude) for row in await Postcode.all()}


def test_a_postcode_of_several_places_is_in_their_middle(read: Callable[[list[str]], PostcodeFile]) -> None:
    file = read(GOOD)
    assert file.distinct == 3
    assert list(file) == [
        PostcodeRow("GB", "E16", 51.51, 0.03),
        PostcodeRow("GB", "LS1", 53.797, -1.55),
        PostcodeRow("PL", "00950", 52.25, 21.0),
    ]


def test_bad_rows_are_told_with_line_and_reason_and_stop_nothing(write: Callable[[list[str]], Path]) -> None:
    rejected: list[tuple[SourceRow, str]] = []
    told: list[int] = []
    file = PostcodeFile(write([text for text, _ in BAD] + GOOD[:1]))
    file.read(lambda source, reason: rejected.append((source, reason)), told.append)
    assert [reason for _, reason in rejected] == [reason for _, reason in BAD]
    assert [(source.file, source.line) for source, _ in rejected] == [("GB.txt", number) for number in range(1, 7)]
    assert rejected[0][0].cells == ("GB", "E16", "only three")
    assert (file.distinct, told) == (1, [7])
    file.close()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    file = PostcodeFile(tmp_path / "none.txt")
    with pytest.raises(Unreadable, match="cannot be read"):
        file.read(lambda *_: None, lambda _: None)
    file.close()


async def test_importing_again_changes_nothing_and_a_moved_one_moves(
    database: Database, read: Callable[[list[str]], PostcodeFile]
) -> None:
    shown: list[int] = []
    assert await import_postcodes(database, BY, read(GOOD), shown.append) == PostcodeCount(added=3)
    assert shown == [3]
    first, ids = await kept(), {row.id for row in await Postcode.all()}
    assert first == {("GB", "E16"): (51.51, 0.03), ("GB", "LS1"): (53.797, -1.55), ("PL", "00950"): (52.25, 21.0)}
    assert await import_postcodes(database, BY, read(GOOD)) == PostcodeCount(known=3)
    assert (await kept(), {row.id for row in await Postcode.all()}) == (first, ids)
    assert await import_postcodes(database, BY, read([line("GB", "LS1", "53.8", "-1.5")])) == PostcodeCount(moved=1)
    assert await kept() == first | {("GB", "LS1"): (53.8, -1.5)}
    told = await EventRow.filter(type="routing_changed").order_by("recorded_at")
    assert [(each.actor, each.payload) for each in told] == [
        (BY.actor, {"change": "postcodes", "added": 3, "moved": 0}),
        (BY.actor, {"change": "postcodes", "added": 0, "moved": 1}),
    ]


async def test_places_are_found_by_postcode_in_one_indexed_statement(
    database: Database, read: Callable[[list[str]], PostcodeFile]
) -> None:
    await import_postcodes(database, BY, read(GOOD))
    whole, area, city = Place("PL", "00950"), Place("GB", "ls1 4ap", "London"), Place("GB", "M1 1AA", "Leeds")
    with noted_statements() as sent:
        found = await locate(database, [whole, area, city])
    (statement,) = sent
    if database.dialect.value == "sqlite":
        # a table of three rows is scanned by PostgreSQL, whatever indexes it has
        assert "SEARCH postcode USING INDEX" in await query_plan(database, statement)
    assert found == {
        whole: Coordinates(CoordinateSource.POSTCODE, 52.25, 21.0),
        area: Coordinates(CoordinateSource.POSTCODE, 53.797, -1.55),
        city: Coordinates(CoordinateSource.CITY, 53.79648, -1.54785),
    }


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACKHOUSE_DATABASE__URL", sqlite_url)
    monkeypatch.setenv("PACKHOUSE_PROFILE", "default")
    return lambda *given: CliRunner().invoke(make_app(), ["import", "postcodes", *given])


def test_the_command_imports_and_puts_bad_rows_aside(
    run: Callable[..., Result], write: Callable[[list[str]], Path], tmp_path: Path
) -> None:
    write([BAD[0][0], *GOOD])
    first = run("GB.txt", "--rejects", "bad.csv")
    assert first.exit_code == 0, first.output
    with (tmp_path / "bad.csv").open(newline="") as file:
        assert list(csv.reader(file))[1:] == [["GB.txt", "1", BAD[0][1], "GB", "E16", "only three"]]
    again = run("GB.txt", "--rejects", "bad.csv")
    assert [row.split("│")[1:3] for row in again.output.splitlines() if "already there" in row] == [
        [" already there ", " 3 "]
    ]


def test_the_command_says_when_nothing_could_be_read(
    run: Callable[..., Result], write: Callable[[list[str]], Path]
) -> None:
    write([BAD[0][0]])
    nothing, absent = run("GB.txt"), run("none.txt")
    assert (nothing.exit_code, "No postcodes could be read" in nothing.output) == (1, True)
    assert (absent.exit_code, "none.txt cannot be read" in absent.output) == (1, True)
