"""`packhouse plugin check`: the conformance kit, run on one plugin.

The one place of the product that reaches into `packhouse.testing`: the kit is what the command runs, and nothing else does.
"""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from packhouse.testing.conformance import Report, Subject

_DOES_NOT_CONFORM = 1
_COLOURS = {"passed": "green", "failed": "bold red", "not applicable": "dim", "exempt": "yellow"}


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command("check")(check)


def check(
    plugin: Annotated[str, typer.Argument(help="An installed plugin's code, or the folder of one.")],
    rule: Annotated[list[str] | None, typer.Option("--rule", help="Only this rule; can be given again.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Drive everything that a plugin can do against a vendor that fails; exit code 1 when a rule does not hold."""
    from packhouse.testing.conformance import find_subject

    subject = find_subject(plugin)
    # the plugin is made to fail in every way: what it logs about that is none of the reader's business
    logging.getLogger().addHandler(logging.NullHandler())
    report = asyncio.run(_examined(subject, rule or [], quiet=as_json))
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2))
    else:
        _show(report)
    raise typer.Exit(0 if report.holds else _DOES_NOT_CONFORM)


async def _examined(subject: "Subject", only: list[str], *, quiet: bool) -> "Report":
    from packhouse.testing.conformance import examine

    def progress(name: str) -> None:
        if not quiet:
            typer.echo(f"{name} …", err=True)

    return await examine(subject, only, progress)


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
