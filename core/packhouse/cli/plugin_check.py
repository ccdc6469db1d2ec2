"""`packhouse plugin check`: the conformance kit, run on one plugin.

The one place of the product that reaches into `packhouse.testing`: the kit is what the command runs, and nothing else does.
"""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import asyncio
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from packhouse.testing.conformance import Report, Subject
    from packhouse.testing.quality import Promises

_DOES_NOT_CONFORM = 1
_COLOURS = {"passed": "green", "failed": "bold red", "not applicable": "dim", "exempt": "yellow"}
_MARKS = {"done": "green", "exempt": "yellow", "todo": "dim"}


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command("check")(check)


def check(
    plugin: Annotated[str, typer.Argument(help="An installed plugin's code, or the folder of one.")],
    rule: Annotated[list[str] | None, typer.Option("--rule", help="Only this rule; can be given again.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Drive everything that a plugin can do against a vendor that fails; exit code 1 when a rule does not hold."""
    from packhouse.testing.conformance import find_subject, folder_of

    subject, folder = find_subject(plugin), folder_of(plugin)
    # the plugin is made to fail in every way: what it logs about that is none of the reader's business
    logging.getLogger().addHandler(logging.NullHandler())
    report = asyncio.run(_examined(subject, rule or [], quiet=as_json))
    promises = _promises(folder) if folder is not None and not rule else None
    if as_json:
        quality = {"quality": promises.as_json()} if promises else {}
        typer.echo(json.dumps({**report.as_json(), **quality}, indent=2))
    else:
        _show(report)
        if promises:
            _show_promises(promises)
    raise typer.Exit(0 if report.holds and (promises is None or promises.holds) else _DOES_NOT_CONFORM)


async def _examined(subject: "Subject", only: list[str], *, quiet: bool) -> "Report":
    from packhouse.testing.conformance import examine

    def progress(name: str) -> None:
        if not quiet:
            typer.echo(f"{name} …", err=True)

    return await examine(subject, only, progress)


def _promises(folder: Path) -> "Promises":
    from packhouse.testing.quality import examine_quality

    return examine_quality(folder)


def _show(report: "Report") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Rule", "", "What has to hold", title=f"{report.code} {report.version}", title_justify="left")
    for each in report.findings:
        words = Text("\n".join([each.title, *(f"- {detail}" for detail in each.details)]))
        table.add_row(each.rule, Text(each.status.value, style=_COLOURS[each.status.value]), words)
    console = Console()
    console.print(table)
    failed = [each.rule for each in report.failed()]
    console.print("It conforms." if report.holds else f"It does not conform: {', '.join(failed)}")


def _show_promises(promises: "Promises") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    title = f"Quality scale: {promises.level or 'no level yet'}"
    table = Table("Level", "Rule", "", "What it says", title=title, title_justify="left")
    for each in promises.lines:
        words = f"{each.title}\n- {each.comment}" if each.comment else each.title
        table.add_row(each.level, each.rule, Text(each.mark, style=_MARKS.get(each.mark, "bold red")), Text(words))
    console = Console()
    console.print(table)
    for problem in promises.problems:
        console.print(Text(f"quality.toml: {problem}", style="bold red"))
