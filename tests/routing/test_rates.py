"""Reading files of rates, keeping them, finding the one that a parcel costs, and running that as a user does."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from packhouse.cli import make_app
from packhouse.events.models import EventRow
from packhouse.routing.commands.import_rates import RateCount, import_rates, keep_rates
from packhouse.routing.costs import QUOTED, Rate, band_of, cheapest_rate, lacks_price
from packhouse.routing.models import ShippingRate
from packhouse.routing.questions import Candidate, Destination, Question
from packhouse.routing.rate_files import RateRow, read_rates
from packhouse.routing.rates import prefixes, with_rates
from packhouse.sdk import Unreadable, new_id, now
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location
from packhouse.testing.statements import noted_statements, query_plan

HEADING = "location,origin_country,country,postcode_prefix,up_to_grams,price,currency,service"
GOOD = ["york,,GB,,2000,4.20,GBP,parcel", ",gb,FR,75,2000,9.10,GBP,parcel", ",,fr,,5000,15,GBP,"]
BAD = [
    ("york,GB,FR,,1,1,GBP,", "it names a location and a country of origin: one of them is enough"),
    (",,France,,1,1,GBP,", "a country is a code of two letters"),
    (",G,FR,,1,1,GBP,", "a country is a code of two letters"),
    (",,FR,12345678901,1,1,GBP,", "the beginning of a postcode has at most 10 letters and digits"),
    (",,FR,,0,1,GBP,", "up_to_grams is no weight in whole grams"),
    (",,FR,,1.5,1,GBP,", "up_to_grams is no weight in whole grams"),
    (",,FR,,1,-1,GBP,", "the price is below 0"),
    (",,FR", "up_to_grams is no weight in whole grams"),
]
Write = Callable[[list[str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(rows: list[str]) -> Path:
        path = tmp_path / "rates.csv"
        path.write_text("\n".join([HEADING, *rows]) + "\n")
        return path

    return written


def rates(path: Path) -> list[RateRow]:
    return [row for _, row in read_rates(path, lambda source, why: pytest.fail(f"{source}: {why}"))]


def test_a_file_is_read_by_its_heading(write: Write) -> None:
    assert rates(write(GOOD)) == [
        RateRow("york", "", "GB", "", 2000, 420, "GBP", "parcel"),
        RateRow("", "GB", "FR", "75", 2000, 910, "GBP", "parcel"),
        RateRow("", "", "FR", "", 5000, 1500, "GBP", ""),
    ]


def test_bad_rows_are_told_with_their_line_and_stop_nothing(write: Write) -> None:
    told: list[tuple[int, str]] = []
    path = write([*(row for row, _ in BAD), ",,FR,,1,1.005,GBP,", *GOOD])
    found = list(read_rates(path, lambda source, why: told.append((source.line, why))))
    assert len(found) == 3
    assert told[:-1] == [(line, why) for line, (_, why) in enumerate(BAD, 2)]
    assert told[-1][1].startswith("price: ")


def test_a_file_without_the_columns_or_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("country;price\n")
    with pytest.raises(Unreadable, match="has no column country, up_to_grams, price, currency"):
        list(read_rates(tmp_path / "other.csv", lambda *_: None))
    with pytest.raises(Unreadable, match="cannot be read"):
        list(read_rates(tmp_path / "none.csv", lambda *_: None))


def test_rates_are_looked_for_by_the_longest_beginning_first() -> None:
    assert prefixes("ls1 4") == ["LS14", "LS1", "LS", "L", ""]
    assert prefixes("") == [""]


def test_entered_rates_go_before_quotes_which_fill_their_gaps() -> None:
    entered = Rate(1000, 900, "GBP", "contract", "imported")
    quotes = [Rate(500, 300, "GBP", "quick", QUOTED), Rate(2000, 500, "GBP", "quick", QUOTED)]
    assert cheapest_rate([entered, *quotes], 400, "GBP") == entered
    assert cheapest_rate([entered, *quotes], 1001, "GBP") == quotes[1]
    assert [band_of(grams) for grams in (0, 250, 251, 29_999, 30_000, 30_001, 40_000)] == [
        250,
        250,
        500,
        30_000,
        30_000,
        40_000,
        40_000,
    ]
    assert not lacks_price([entered], 400, "GBP")
    assert lacks_price([entered], 400, "EUR")
    assert lacks_price([entered], 1001, "GBP")
    assert not lacks_price(quotes, 400, "GBP")
    assert lacks_price(quotes, 600, "GBP"), "a quote for a heavier band is only a makeshift"


async def test_importing_again_changes_nothing_and_unknown_locations_are_told(database: Database, write: Write) -> None:
    await make_location(database, "york")
    told: list[str] = []

    async def run(rows: list[str]) -> RateCount:
        return await import_rates(database, BY, write(rows), lambda _, why: told.append(why))

    assert await run([*GOOD, "mars,,GB,,1,1,GBP,"]) == RateCount(added=3)
    assert told == ["there is no location mars"]
    before = {row.lane: (row.id, row.price) for row in await ShippingRate.all()}
    assert await run(GOOD) == RateCount(known=3)
    assert {row.lane: (row.id, row.price) for row in await ShippingRate.all()} == before
    assert await run([GOOD[0].replace("4.20", "4.30"), GOOD[0].replace("4.20", "4.40")]) == RateCount(changed=1)
    assert sorted(row.price for row in await ShippingRate.all()) == [440, 910, 1500]
    told = await EventRow.filter(type="routing_changed").order_by("recorded_at")
    assert [(each.actor, each.payload) for each in told] == [
        (BY.actor, {"change": "rates", "added": 3, "changed": 0}),
        (BY.actor, {"change": "rates", "added": 0, "changed": 1}),
    ]


async def test_the_most_exact_rates_count_and_are_read_by_one_indexed_statement(database: Database) -> None:
    york = await make_location(database, "york")
    rows = [
        (RateRow("york", "", "GB", "", 500, 300, "GBP", "letter"), york.id),
        (RateRow("york", "", "GB", "LS", 500, 250, "GBP", "local"), york.id),
        (RateRow("", "GB", "GB", "LS1", 500, 400, "GBP", "national"), None),
        (RateRow("", "", "GB", "", 500, 900, "GBP", "any"), None),
    ]
    await database.write(BY, lambda uow: keep_rates(uow, rows))
    old = [(RateRow("york", "", "GB", "LS1", 500, 1, "GBP", "quote"), york.id)]
    await database.write(BY, lambda uow: keep_rates(uow, old, QUOTED, now() - timedelta(seconds=1)))
    places = (
        Candidate(york.id, "york", 1, True, {}),
        Candidate(new_id(), "leeds", 1, True, {}, "GB"),
        Candidate(new_id(), "lyon", 1, True, {}, "FR"),
    )
    asked = [
        Question({}, places, Destination("GB", "LS1 4AP")),
        Question({}, places, Destination("GB", "M1 1AA")),
        Question({}, places, Destination("FR")),
        Question({}, places, Destination()),
    ]
    with noted_statements() as sent:
        found = await with_rates(database, asked)
    (statement,) = sent
    if database.dialect.value == "sqlite":
        assert "USING INDEX shipping_rate_lane" in await query_plan(database, statement)

    def services(question: Question) -> list[str]:
        return [",".join(each.service for each in candidate.rates or ()) for candidate in question.candidates]

    assert [services(each) for each in found] == [
        ["local", "national", "any"],
        ["letter", "any", "any"],
        ["", "", ""],
        ["", "", ""],
    ]
    assert found[0].candidates[0].rates == (Rate(500, 250, "GBP", "local", "imported"),)
    with noted_statements() as sent:
        assert await with_rates(database, found) == found
    assert sent == []


async def test_no_quote_hides_a_rate_that_somebody_entered(database: Database) -> None:
    york = await make_location(database, "york")
    await database.write(BY, lambda uow: keep_rates(uow, [(RateRow("", "GB", "GB", "", 500, 300, "GBP", "x"), None)]))
    quote = [(RateRow("york", "", "GB", "LS1", 2000, 700, "GBP", "quick"), york.id)]
    await database.write(BY, lambda uow: keep_rates(uow, quote, QUOTED, now() + timedelta(days=1)))
    place = Candidate(york.id, "york", 1, True, {}, "GB")
    (found,) = await with_rates(database, [Question({}, (place,), Destination("GB", "LS1 4AP"))])
    assert found.candidates[0].rates == (
        Rate(500, 300, "GBP", "x", "imported"),
        Rate(2000, 700, "GBP", "quick", QUOTED),
    )


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACKHOUSE_DATABASE__URL", sqlite_url)
    monkeypatch.setenv("PACKHOUSE_PROFILE", "default")
    return lambda *given: CliRunner().invoke(make_app(), ["import", "rates", *given])


def test_the_command_imports_and_puts_bad_rows_aside(run: Callable[..., Result], write: Write, tmp_path: Path) -> None:
    write([*GOOD[1:], BAD[1][0], GOOD[0]])
    first = run("rates.csv", "--rejects", "bad.csv")
    assert first.exit_code == 0, first.output
    assert [line.split("│")[2].strip() for line in first.output.splitlines() if "│" in line] == ["2", "0", "0", "2"]
    assert "there is no location york" in (tmp_path / "bad.csv").read_text()
    none = run("none.csv")
    assert (none.exit_code, "none.csv cannot be read" in none.output) == (1, True)
