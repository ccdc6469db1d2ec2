"""Running an import or export of a sheet; the exit codes are those of `packhouse import orders`."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console
from rich.table import Table

from packhouse.channels.rejects import Rejects
from packhouse.cli.importing import NOTHING_READ, Screen, rejects_file, told_errors
from packhouse.cli.working import ACTOR, ORIGIN, invalid, read_settings
from packhouse.events.outbox import Outbox
from packhouse.opening import open_ready
from packhouse.sheets.exporting import export_sheet
from packhouse.sheets.importing import SheetImport, columns_of, import_sheet
from packhouse.sheets.kinds import SheetKind
from packhouse.sheets.seen import RowOutcome
from packhouse.sheets.tables import CSV, XLSX
from packhouse.sheets.writing import WrittenFile
from packhouse.storage import Database, Initiator

T = TypeVar("T")


def run_import(sheet: str, path: Path, mapping: Path | None, rejects: Path | None, *, is_dry: bool) -> None:
    """Import a sheet, or say what would become of it.

    Raises:
        typer.Exit: with the code that says how it went wrong.
        SettingsError, DatabaseNotReady: it could not begin.
    """
    kind = SheetKind(sheet)
    with told_errors(), Screen() as screen, Rejects(rejects_file(path, rejects)) as put_aside:
        data = SheetImport(kind, path, columns_of(kind, mapping), is_dry)
        screen.reading(path.name, 0)

        async def work(database: Database) -> Counter[RowOutcome]:
            return await import_sheet(database, Initiator(ACTOR, ORIGIN), data, put_aside.add, screen.advance)

        outcomes = _run(work)
    _conclude(kind, outcomes, put_aside, is_dry=is_dry)


def run_export(sheet: str, path: Path) -> None:
    """Export a sheet.

    Raises:
        InvalidValue: the file is neither .csv nor .xlsx.
        typer.Exit: the file cannot be written.
        SettingsError, DatabaseNotReady: it could not begin.
    """
    if path.suffix.lower() not in {CSV, XLSX}:
        raise invalid("FILE", f"{path.name} is neither .csv nor .xlsx")

    async def work(database: Database) -> int:
        with Screen() as screen, WrittenFile(path) as writer:
            screen.reading(path.name, 0)
            return await export_sheet(database, SheetKind(sheet), writer, screen.advance)

    try:
        count = _run(work)
    except OSError as error:
        typer.echo(f"packhouse: {path} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(NOTHING_READ) from error
    typer.echo(f"{path}: {count} rows")


def _run(work: Callable[[Database], Awaitable[T]]) -> T:
    settings = read_settings()

    async def run() -> T:
        database = await open_ready(settings, Outbox.undecided())
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def _conclude(kind: SheetKind, outcomes: Counter[RowOutcome], rejects: Rejects, *, is_dry: bool) -> None:
    console = Console()
    table = Table(title=f"{'Dry run of the import' if is_dry else 'Import'} of {kind.value}", show_header=False)
    labels = {
        RowOutcome.CHANGED: "would change" if is_dry else "changed",
        RowOutcome.UNCHANGED: "unchanged",
        RowOutcome.REJECTED: "rejected",
    }
    for outcome, label in labels.items():
        table.add_row(label, str(outcomes[outcome]))
    console.print(table)
    if rejects.count:
        console.print(f"{rejects.count} rows with their reasons: {rejects.path}", markup=False, soft_wrap=True)
    if outcomes.total() == outcomes[RowOutcome.REJECTED]:
        console.print(f"No row of {kind.value} could be read.", style="red")
        raise typer.Exit(NOTHING_READ)
