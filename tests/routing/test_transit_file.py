import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from packhouse.cli import make_app
from packhouse.routing.commands.set_transit_times import Way
from packhouse.routing.models import TransitTime
from packhouse.routing.transit_file import import_transit_times, read_transit_times
from packhouse.sdk import InvalidValue, Refused, ShippingSpeed, Unreadable
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location

HEAD = "location,origin_country,country,postcode_prefix,speed,min_days,max_days,time_zone"
GOOD = f"{HEAD}\n,GB,GB,,,1,2,\n,GB,GB,BT,PRIORITY,1,3,Europe/Belfast\nlondon,,FR,,standard,2,4,\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "ways.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_rows_are_gathered_by_their_origin(write: Callable[[str], Path]) -> None:
    assert read_transit_times(write(GOOD)) == {
        ("", "GB"): [
            (2, Way("GB", 1, 2)),
            (3, Way("GB", 1, 3, "BT", ShippingSpeed.PRIORITY, "Europe/Belfast")),
        ],
        ("london", ""): [(4, Way("FR", 2, 4))],
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("country,min_days\nGB,1\n", "has no column max_days"),
        (f"{HEAD},price\n", "has price"),
        ("", "has no column country, max_days, min_days"),
        (f"{HEAD}\n,GB,GB,,,one,2,\n", "line 2: min_days and max_days"),
        (f"{HEAD}\n,GB,GB,,,{'9' * 5_000},2,\n", "line 2: min_days and max_days"),
        (f"{HEAD}\n,GB,GB,,slow,1,2,\n", "line 2: the speed is one of"),
        (f"{HEAD}\n,GB,GB,,,1,2,\n,GB,GB\n", "line 3: has not as many cells"),
        (f"{HEAD}\n,GB,GB,,,1,2,,more\n", "line 2: has not as many cells"),
    ],
)
def test_what_is_no_table_is_told_with_its_line(write: Callable[[str], Path], text: str, reason: str) -> None:
    with pytest.raises((Unreadable, InvalidValue)) as told:
        read_transit_times(write(text))
    assert reason in str(told.value)


async def test_any_number_take_it_at_once(database: Database, write: Callable[[str], Path]) -> None:
    await make_location(database)
    found = read_transit_times(write(GOOD))
    work = (database.write(BY, lambda uow: import_transit_times(uow, found)) for _ in range(10))
    assert await asyncio.gather(*work) == [3] * 10
    assert await TransitTime.all().count() == 3


async def test_a_file_is_taken_whole_or_not_at_all(database: Database, write: Callable[[str], Path]) -> None:
    await make_location(database)
    found = read_transit_times(write(GOOD))
    assert await database.write(BY, lambda uow: import_transit_times(uow, found)) == 3
    wrong = read_transit_times(write(f"{HEAD}\nlondon,,DE,,,1,2,\n,GB,IE,,,1,2,\n,GB,IE,,,9,2,\n"))
    with pytest.raises(InvalidValue, match="line 4: expected 0 to 90 working days"):
        await database.write(BY, lambda uow: import_transit_times(uow, wrong))
    nowhere = read_transit_times(write(f"{HEAD}\n,GB,IE,,,1,2,\nmars,,GB,,,1,2,\n"))
    with pytest.raises(Refused, match="no location mars"):
        await database.write(BY, lambda uow: import_transit_times(uow, nowhere))
    assert sorted([(row.country, row.postcode_prefix) for row in await TransitTime.all()]) == [
        ("FR", ""),
        ("GB", ""),
        ("GB", "BT"),
    ]


def test_the_command_says_how_many_are_known(
    sqlite_url: str, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write(f"{HEAD}\n,GB,GB,,,1,2,\n").parent)
    monkeypatch.setenv("PACKHOUSE_DATABASE__URL", sqlite_url)
    monkeypatch.setenv("PACKHOUSE_PROFILE", "default")
    done = CliRunner().invoke(make_app(), ["import", "transit-times", "ways.csv"])
    assert (done.exit_code, done.output) == (0, "1 transit times from 1 origins are known now\n")
