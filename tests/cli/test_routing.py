"""`packhouse routing replay` as a user runs it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from packhouse.cli import make_app
from packhouse.cli.replaying import read_rules
from packhouse.events.outbox import Outbox
from packhouse.routing.commands.set_routing_rules import SetRoutingRules
from packhouse.routing.costs import SplitBound
from packhouse.routing.models import RoutingDecision
from packhouse.routing.questions import Rule
from packhouse.routing.states import RuleKind, SplitPolicy
from packhouse.sdk import InvalidValue
from packhouse.storage import open_database
from packhouse.testing.factories import make_location, make_order, make_stock, make_variant

RULES = """
split = "limited"
most_parcels = 2
[[rules]]
kind = "pinned"
locations = ["york", "london"]
[[rules]]
kind = "priority"
"""
SPAN = ("--from", "2020-01-01", "--to", "2099-01-01T00:00:00+00:00")
Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Two decisions: one sent whole by London, one split over both."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACKHOUSE_DATABASE__URL", sqlite_url)
    monkeypatch.setenv("PACKHOUSE_PROFILE", "default")
    monkeypatch.setenv("PACKHOUSE_SECURITY__SECRET_KEY", "x" * 32)

    async def prepare() -> None:
        database = await open_database(sqlite_url, before_commit=Outbox().flush)
        await make_variant(database)
        for code, units, priority in (("london", 5, 1), ("york", 4, 2)):
            await make_stock(database, "MUG", await make_location(database, code, priority=priority), units)
        await make_order(database, {"MUG": 1})
        await make_order(database, {"MUG": 6})
        await database.close()

    asyncio.run(prepare())
    return lambda *options: CliRunner().invoke(make_app(), ["routing", "replay", *options])


def figures(result: Result) -> dict[str, tuple[str, str]]:
    """The table's figures by label."""
    rows = [[cell.strip() for cell in row.split("│")[1:-1]] for row in result.output.splitlines() if "│" in row]
    return {label: (before, after) for label, before, after in rows}


def test_unchanged_rules_decide_alike(run: Run) -> None:
    result = run(*SPAN)
    assert result.exit_code == 0, result.output
    assert "2 decisions: 2 exactly alike, 0 not to be decided again" in result.output
    assert figures(result)["parcels"] == ("3", "3")
    assert figures(result)["decisions with several parcels"] == ("1", "1")


def test_other_rules_are_compared(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULES.replace("limited", "never").replace("most_parcels = 2", ""))
    result = run(*SPAN, "--rules", "rules.toml")
    assert result.exit_code == 0, result.output
    assert figures(result)["parcels"] == ("3", "2")
    assert figures(result)["decisions with several parcels"] == ("1", "0")
    assert figures(result)["units that nobody sends"] == ("0", "2")
    assert figures(result)["parcels measured"] == ("3", "2")


def test_a_file_says_the_rules(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    assert read_rules(path) == SetRoutingRules(
        "",
        (Rule(RuleKind.PINNED, {"locations": ["york", "london"]}), Rule(RuleKind.PRIORITY)),
        SplitPolicy.LIMITED,
        2,
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules = 1", "has no"),
        ("", "has no"),
        ("[[rules", "cannot be read"),
        ("speed = 1", "has speed"),
        ('[[rules]]\nkind = "sunniest"', "the kind of a rule is one of pinned"),
        ("rules = [1]", "the kind of a rule is one of pinned"),
        ('split = "often"\nrules = []', "is one of never"),
        ('most_parcels = "two"\nrules = []', "is a whole number"),
    ],
)
def test_a_bad_file_is_told(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(InvalidValue, match=problem):
        read_rules(path)


def test_a_refused_replay_changes_nothing(run: Run, tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "rules.toml").write_text(RULES.replace("york", "mars"))
    unknown = run(*SPAN, "--rules", "rules.toml")
    assert "there is no location mars" in str(unknown.exception)
    backwards = run("--from", "2099-01-01", "--to", "2020-01-01")
    assert "lies before --from" in str(backwards.exception)

    async def decisions() -> int:
        database = await open_database(sqlite_url, before_commit=Outbox().flush)
        try:
            return await RoutingDecision.all().count()
        finally:
            await database.close()

    assert asyncio.run(decisions()) == 2


def test_stock_placed_otherwise_is_tried(run: Run) -> None:
    result = run(*SPAN, "--place", "MUG=york:100%")
    assert result.exit_code == 0, result.output
    # all nine lie in York, which then sends both orders whole
    assert figures(result)["parcels"] == ("3", "2")
    assert figures(result)["cost"] == ("unknown", "unknown")
    for bad in ("MUG=york", "york:30", "MUG=york:x", "=york:1"):
        refused = run(*SPAN, "--place", bad)
        assert (refused.exit_code, "is not SKU=location:percent" in str(refused.exception)) == (1, True)


@pytest.mark.parametrize(
    ("bound", "problem"),
    [
        ('most_extra_cost = "2.50"', "is an amount with its currency"),
        ("most_extra_cost = 2.5", "is an amount with its currency"),
        ('most_extra_percent = "5"', "is a number"),
    ],
)
def test_bounds_that_are_none_are_refused(tmp_path: Path, bound: str, problem: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(f'split = "cost_bounded"\n{bound}\n[[rules]]\nkind = "priority"\n')
    with pytest.raises(InvalidValue, match=problem):
        read_rules(path)


def test_bounds_and_codes_of_plugins_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        'split = "cost_bounded"\nmost_extra_cost = "2.50 GBP"\n'
        '[[rules]]\nkind = "plugin"\ncode = "demo/spread"\nlocations = ["york"]\n'
    )
    rules = read_rules(path)
    assert rules.bound == SplitBound(250, "GBP")
    assert rules.rules == (Rule(RuleKind.PLUGIN, {"locations": ["york"]}, "demo/spread"),)
