"""Running a replay of routing decisions: page by page, in the memory of one page.

A file of rules is TOML: `split = "limited"`, `most_parcels = 2` (or `split = "cost_bounded"` with `most_extra_percent = 5.0`, or with
`most_extra_cost = "2.50 GBP"`), and for each rule a table `[[rules]]` with `kind = "pinned"` and the kind's own options beside it, as
GraphQL takes them; rules of plugins have their `code`.
"""

import asyncio
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from packhouse.cli.working import read_settings
from packhouse.events.outbox import Outbox
from packhouse.hooks import PluginHost
from packhouse.opening import open_ready
from packhouse.plugins.stored import read_stored
from packhouse.plugins.vault import Vault
from packhouse.routing.commands.set_routing_rules import SetRoutingRules, checked_rules
from packhouse.routing.costs import SplitBound, shown
from packhouse.routing.placement import Share
from packhouse.routing.queries import count_decisions, known_placement
from packhouse.routing.questions import Rule
from packhouse.routing.replay import Replay, replay_routing
from packhouse.routing.states import RuleKind, SplitPolicy
from packhouse.routing.tallies import Tally
from packhouse.sdk import InvalidValue, Money
from packhouse.settings import Settings

_KNOWN = frozenset(("rules", "split", "most_parcels", "most_extra_cost", "most_extra_percent"))
_WITH_CODE = frozenset((RuleKind.PLUGIN, RuleKind.STRATEGY))


def run_replay(since: datetime, until: datetime, rules: Path | None, placement: Sequence[str] = ()) -> None:
    """Decide everything in [since, until) again and print what comes of it.

    Raises:
        InvalidValue, Refused: a file of rules that cannot decide, shares that cannot be, or a time that ends before it begins.
        SettingsError, DatabaseNotReady: it could not begin.
    """
    since, until = _in_utc(since), _in_utc(until)
    if until < since:
        raise InvalidValue("to", "lies before --from")
    draft = None if rules is None else read_rules(rules)
    shares = [read_share(each) for each in placement]
    asyncio.run(_replay(read_settings(), since, until, draft, shares))


def read_share(text: str) -> Share:
    """So much of a SKU at a location, written SKU=location:percent.

    Raises:
        InvalidValue: it is not.
    """
    sku, _, rest = text.rpartition("=")
    location, _, percent = rest.partition(":")
    if not (sku and location and percent.removesuffix("%").isdecimal()):
        raise InvalidValue("place", f"{text!r} is not SKU=location:percent, as in MUG-BLUE=york:30")
    return Share(sku, location, int(percent.removesuffix("%")))


def read_rules(path: Path) -> SetRoutingRules:
    """The rules of a file.

    Raises:
        InvalidValue: no file of rules.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidValue("rules", f"{path} cannot be read: {error}") from error
    if unknown := sorted(set(content) - _KNOWN):
        raise InvalidValue("rules", f"{path} has {', '.join(unknown)} (known: {', '.join(sorted(_KNOWN))})")
    tables = content.get("rules")
    if not isinstance(tables, list):
        raise InvalidValue("rules", f"{path} has no [[rules]]")
    split = content.get("split", SplitPolicy.WHEN_NEEDED.value)
    if split not in list(SplitPolicy):
        raise InvalidValue("split", f"is one of {', '.join(SplitPolicy)}")
    most = content.get("most_parcels")
    if most is not None and type(most) is not int:
        raise InvalidValue("most_parcels", "is a whole number")
    return SetRoutingRules("", tuple(map(_rule, tables)), SplitPolicy(split), most, bound=_bound(content))


def _bound(content: Mapping[str, Any]) -> SplitBound | None:
    cost, percent = content.get("most_extra_cost"), content.get("most_extra_percent")
    if percent is not None and type(percent) not in (int, float):
        raise InvalidValue("most_extra_percent", "is a number")
    if cost is None:
        return None if percent is None else SplitBound(percent=percent)
    amount, _, currency = str(cost).partition(" ")
    try:
        money = Money.of(amount, currency, "most_extra_cost")
    except InvalidValue as invalid:
        raise InvalidValue("most_extra_cost", 'is an amount with its currency, as in "2.50 GBP"') from invalid
    return SplitBound(money.minor, money.currency, percent)


def _rule(table: Mapping[str, Any]) -> Rule:
    kind = table.get("kind") if isinstance(table, dict) else None
    if kind not in list(RuleKind):
        raise InvalidValue("rules", f"the kind of a rule is one of {', '.join(RuleKind)}")
    if kind not in _WITH_CODE:
        return Rule(RuleKind(kind), {name: value for name, value in table.items() if name != "kind"})
    options = {name: value for name, value in table.items() if name not in ("kind", "code")}
    return Rule(RuleKind(kind), options, str(table.get("code", "")))


async def _replay(
    settings: Settings, since: datetime, until: datetime, draft: SetRoutingRules | None, shares: Sequence[Share]
) -> None:
    database = await open_ready(settings, Outbox())
    try:
        stored = await read_stored(database, Vault.of(settings))
        host = PluginHost.load(settings.plugins, origin=settings.origin, stored=stored.choices, only_looking=True)
        database.judges = host.judges
        chosen = None if draft is None else await checked_rules(draft, host.judges)
        placement = await known_placement(database, shares, "place")
        total, result = await count_decisions(database, since, until), Replay()
        with _bar() as bar:
            task = bar.add_task("deciding again", total=total)
            again = replay_routing(database, since, until, chosen, placement=placement)
            async with aclosing(again) as pages:
                async for result in pages:
                    bar.update(task, completed=result.decisions)
    finally:
        await database.close()
    _print(result)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _print(result: Replay) -> None:
    table = Table("", "as it was", "by these rules", title="Routing, decided again")
    for label, before, after in zip(_LABELS, _figures(result.before), _figures(result.after), strict=True):
        table.add_row(label, before, after)
    console = Console()
    console.print(table)
    console.print(
        f"{result.decisions} decisions: {result.same} exactly alike, {result.unknown} not to be decided again"
    )

    for plugin, count in sorted(result.plugins.items()):
        console.print(f"{plugin} had a say in {count} of them, and is gone or of another version now", markup=False)


_LABELS = (
    "parcels",
    "decisions with several parcels",
    "units that nobody sends",
    "parcels from another country",
    "parcels sent by others for us",
    "kilometres",
    "parcels measured",
    "cost",
    "parcels priced",
    "promised days",
    "decisions with promises",
)


def _figures(tally: Tally) -> tuple[str, ...]:
    return (
        str(tally.parcels),
        str(tally.split),
        str(tally.unsent_units),
        str(tally.abroad),
        str(tally.theirs),
        f"{tally.distance_km:.1f}",
        str(tally.measured),
        ", ".join(shown(minor, currency) for currency, minor in sorted(tally.cost.items())) or "unknown",
        str(tally.priced),
        f"{tally.promised_days:.1f}",
        str(tally.promised),
    )


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
