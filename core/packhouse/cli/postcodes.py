"""Running an import of postcodes: exit code 0 also when rows were rejected, 1 when nothing could be read."""

import asyncio
from contextlib import closing
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from packhouse.channels.rejects import Rejects
from packhouse.cli.importing import NOTHING_READ, Screen, rejects_file, told_errors
from packhouse.cli.working import ACTOR, ORIGIN, read_settings
from packhouse.events.outbox import Outbox
from packhouse.opening import open_ready
from packhouse.routing.commands.import_postcodes import PostcodeCount, import_postcodes
from packhouse.routing.postcodes import PostcodeFile
from packhouse.storage import Initiator


def run_import(path: Path, rejects: Path | None) -> None:
    """Import a file of postcodes.

    Raises:
        typer.Exit: nothing could be read.
        SettingsError, DatabaseNotReady: it could not begin.
    """
    settings = read_settings()

    async def run(file: PostcodeFile, screen: Screen) -> PostcodeCount:
        database = await open_ready(settings, Outbox.undecided())
        try:
            return await import_postcodes(database, Initiator(ACTOR, ORIGIN), file, screen.advance)
        finally:
            await database.close()

    with (
        told_errors(),
        Screen() as screen,
        Rejects(rejects_file(path, rejects)) as put_aside,
        closing(PostcodeFile(path)) as file,
    ):
        file.read(put_aside.add, lambda lines: screen.reading(path.name, lines))
        screen.importing(file.distinct)
        count = asyncio.run(run(file, screen))
    _conclude(count, put_aside)


def _conclude(count: PostcodeCount, rejects: Rejects) -> None:
    console = Console()
    table = Table(title="Import of postcodes", show_header=False)
    for label, number in (
        ("imported", count.added),
        ("moved", count.moved),
        ("already there", count.known),
        ("rows rejected", rejects.count),
    ):
        table.add_row(label, str(number))
    console.print(table)
    if rejects.count:
        console.print(f"{rejects.count} rows with their reasons: {rejects.path}", markup=False, soft_wrap=True)
    if not count.read:
        console.print("No postcodes could be read.", style="red")
        raise typer.Exit(NOTHING_READ)
