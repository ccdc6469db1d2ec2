"""Running an import of shipping rates: exit code 0 also when rows were rejected, 1 when nothing could be read."""

import asyncio
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from packhouse.channels.rejects import Rejects
from packhouse.cli.importing import NOTHING_READ, Screen, rejects_file, told_errors
from packhouse.cli.working import ACTOR, ORIGIN, read_settings
from packhouse.events.outbox import Outbox
from packhouse.opening import open_ready
from packhouse.routing.commands.import_rates import RateCount, import_rates
from packhouse.storage import Initiator


def run_import(path: Path, rejects: Path | None) -> None:
    """Import a file of rates.

    Raises:
        typer.Exit: nothing could be read.
        SettingsError, DatabaseNotReady: it could not begin.
    """
    settings = read_settings()

    async def run(put_aside: Rejects, screen: Screen) -> RateCount:
        database = await open_ready(settings, Outbox.undecided())
        try:
            return await import_rates(database, Initiator(ACTOR, ORIGIN), path, put_aside.add, screen.advance)
        finally:
            await database.close()

    with told_errors(), Screen() as screen, Rejects(rejects_file(path, rejects)) as put_aside:
        count = asyncio.run(run(put_aside, screen))
    console = Console()
    table = Table(title="Import of rates", show_header=False)
    for label, number in (
        ("imported", count.added),
        ("changed", count.changed),
        ("already there", count.known),
        ("rows rejected", put_aside.count),
    ):
        table.add_row(label, str(number))
    console.print(table)
    if put_aside.count:
        console.print(f"{put_aside.count} rows with their reasons: {put_aside.path}", markup=False, soft_wrap=True)
    if not count.read:
        console.print("No rates could be read.", style="red")
        raise typer.Exit(NOTHING_READ)
