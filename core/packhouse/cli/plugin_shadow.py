"""`packhouse plugin shadow`: what a new version of a plugin would do about recorded events, beside what the old one would."""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from packhouse.cli.working import invalid, read_settings

if TYPE_CHECKING:
    from uuid import UUID

    from packhouse.hooks.tables import PluginTable
    from packhouse.settings import Settings
    from packhouse.shadow.player import Comparison, Player, Summary
    from packhouse.shadow.reading import Selection
    from packhouse.shadow.version import Outcome, Source

_DIFFERS = 1


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command("shadow")(shadow)


def shadow(
    code: Annotated[str, typer.Argument(help="The installed plugin.")],
    new: Annotated[str, typer.Option(help="The new version: module:Class, or the folder of its distribution.")],
    settings: Annotated[
        Path | None, typer.Option(help="The new version's table of settings (TOML); else the old one's.")
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="What calls are answered with: TOML or JSON, or a tests/conformance.py; else the new version's."
        ),
    ] = None,
    since: Annotated[str, typer.Option("--from", help="Events recorded at or after this time (ISO 8601).")] = "",
    until: Annotated[str, typer.Option("--to", help="Events recorded before this time.")] = "",
    order: Annotated[str, typer.Option(help="Only events of this order (its id).")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many events.")] = None,
    empty_state: Annotated[bool, typer.Option("--empty-state", help="As if the plugin had kept nothing yet.")] = False,
    differences: Annotated[
        bool, typer.Option("--differences", help="Show only events that they differ about.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="An object a line, the summary last.")] = False,
) -> None:
    """Replay recorded events through two versions of a plugin, with no effect; exit code 0 same, 1 different.

    Both get the events that they have hooks for, and their providers are asked again what they were asked (labels, work given
    away, channels told, customers asked for reviews). Neither can reach the network and nothing is written: calls are written
    down and answered from recordings.
    """
    from packhouse.shadow.reading import Selection

    chosen = Selection(_moment("from", since), _moment("to", until), _order_id(order), limit)
    show = _print_json if as_json else _print_table
    summary = asyncio.run(_shadow(code, new, settings, answers, chosen, show, empty=empty_state, all_=not differences))
    if as_json:
        _print_summary_json(summary)
    else:
        _print_summary(summary)
    raise typer.Exit(_DIFFERS if summary.different else 0)


async def _shadow(
    code: str,
    new: str,
    table: Path | None,
    answers: Path | None,
    selection: "Selection",
    show: "Callable[[Comparison], None]",
    *,
    empty: bool,
    all_: bool,
) -> "Summary":
    from packhouse.shadow.player import Summary
    from packhouse.shadow.version import source_of

    settings = read_settings()
    sources = (_installed(code), source_of(new, code))
    given = None if table is None else _table(table, code)
    recordings = _recordings(new, answers)
    async with _playing(settings, code, sources, given, recordings, empty=empty) as player:
        summary = Summary(is_isolated=player.old.is_alone and player.new.is_alone)
        async for comparison in player.play(selection):
            summary.count(comparison)
            if not comparison.is_quiet and (all_ or not comparison.is_same):
                show(comparison)
    return summary


@asynccontextmanager
async def _playing(
    settings: "Settings",
    code: str,
    sources: "tuple[Source, Source]",
    table: "PluginTable | None",
    answers: Path | None,
    *,
    empty: bool,
) -> "AsyncIterator[Player]":
    from packhouse.events.outbox import Outbox
    from packhouse.opening import open_ready
    from packhouse.rooms import all_rooms
    from packhouse.shadow.player import both_versions
    from packhouse.shadow.reading import World
    from packhouse.shadow.version import Side

    database = await open_ready(settings, Outbox())
    try:
        world = World(database, settings, all_rooms())
        old = Side(sources[0], *await world.settings_of(code))
        new = replace(old, source=sources[1], table=old.table if table is None else table)
        seconds = settings.events.hook_timeout_seconds
        async with both_versions(world, code, old, new, answers=answers, seconds=seconds, empty_state=empty) as player:
            yield player
    finally:
        await database.close()


def _recordings(new: str, answers: Path | None) -> Path | None:
    """What calls are answered with: what is named, or the subject of the new version."""
    if answers is not None and not answers.is_file():
        raise invalid("answers", f"{answers} is not there")
    own = Path(new) / "tests" / "conformance.py"
    return answers or (own if own.is_file() else None)


def _installed(code: str) -> "Source":
    from importlib.metadata import entry_points

    from packhouse.shadow.version import GROUP, Source

    found = {each.name: each.value for each in entry_points(group=GROUP)}
    if code not in found:
        raise invalid("CODE", f"there is no installed plugin {code!r} (installed: {', '.join(sorted(found))})")
    return Source(found[code])


def _table(file: Path, code: str) -> "PluginTable":
    from packhouse.hooks.tables import PluginTable, leaves

    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise invalid("settings", f"{file} cannot be read: {error}") from None
    table = found.get("plugins", {}).get("settings", {}).get(code, found)
    return PluginTable(table, {key: file.name for key, _ in leaves(table)})


def _moment(field: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(field, f"{text!r} is no time such as 2026-11-23T09:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _order_id(text: str) -> "UUID | None":
    """An order's id, also as GraphQL gives it."""
    import base64
    import binascii
    from uuid import UUID

    if not text:
        return None
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = text
    try:
        return UUID(decoded.removeprefix("Order:"))
    except ValueError:
        raise invalid("order", f"{text!r} is no id of an order") from None


def _print_json(comparison: "Comparison") -> None:
    event = comparison.event
    typer.echo(
        json.dumps(
            {
                "position": event.position,
                "event": str(event.id),
                "type": event.type.value,
                "order": comparison.order_number,
                "recipient": comparison.recipient,
                "same": comparison.is_same,
                "old": _outcome_json(comparison.old),
                "new": _outcome_json(comparison.new),
            }
        )
    )


def _outcome_json(outcome: "Outcome | None") -> dict[str, Any] | None:
    if outcome is None:
        return None
    calls = [call.as_json() for call in outcome.calls]
    return {"calls": calls, "error": outcome.error, "gave": outcome.gave, "kept": outcome.kept or {}}


def _print_table(comparison: "Comparison") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    event = comparison.event
    about = " ".join(filter(None, [event.type.value, comparison.order_number, comparison.recipient]))
    verdict = "same" if comparison.is_same else "different"
    title = Text(f"{event.position} {about}: {verdict}", style="" if comparison.is_same else "bold")
    table = Table("Old", "New", title=title, title_justify="left", expand=True)
    table.columns[0].ratio = table.columns[1].ratio = 1
    table.add_row(*_beside(_lines(comparison.old), _lines(comparison.new)))
    Console().print(table)


def _beside(old: list[str], new: list[str]) -> tuple[Any, Any]:
    """Both as texts, what only one of them has in colour."""
    from difflib import SequenceMatcher

    from rich.text import Text

    left, right = Text(), Text()
    for kind, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        height = max(j - i, m - k)
        for text, lines, colour in ((left, old[i:j], "red"), (right, new[k:m], "green")):
            padded = lines + [""] * (height - len(lines))
            text.append("".join(f"{line}\n" for line in padded), style="" if kind == "equal" else colour)
    return left, right


def _lines(outcome: "Outcome | None") -> list[str]:
    if outcome is None:
        return ["(has nothing to do with it)"]
    lines = [line for call in outcome.calls for line in [*call.lines, ""]]
    answer = [] if outcome.gave is None else ["answers:", *json.dumps(outcome.gave, indent=2).splitlines()]
    return [*(lines or ["(calls nobody)"]), *answer, *([f"raises {outcome.error}"] if outcome.error else [])]


def _print_summary_json(summary: "Summary") -> None:
    typer.echo(json.dumps({"summary": asdict(summary)}))


def _print_summary(summary: "Summary") -> None:
    wall = (
        "Both ran without a network."
        if summary.is_isolated
        else "Both were kept from the network by the interpreter alone: libraries in C that connect by themselves were not held back."
    )
    typer.echo(
        f"{summary.events} events, {summary.same} same, {summary.different} different; "
        f"calls: {summary.old_calls} old, {summary.new_calls} new. {wall}"
    )
