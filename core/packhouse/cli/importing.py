"""Running an import: the plugin that reads, the database that takes it, the progress bar, and what is said at the end.

Exit codes: 0 also when rows were rejected, 1 when nothing could be read, 2 for a mapping that cannot be used.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from packhouse.channels import importing
from packhouse.channels.commands.import_orders import ImportOutcome
from packhouse.channels.importing import HistoryImport, ImportCount
from packhouse.channels.rejects import Rejects
from packhouse.cli.working import ACTOR, ORIGIN, read_settings
from packhouse.events.outbox import Outbox
from packhouse.feedback.commands.import_reviews import import_reviews
from packhouse.hooks import PluginHost
from packhouse.opening import open_ready
from packhouse.sdk import BadMapping, History, ReadsHistory, ReadsStock, StockList, Unreadable
from packhouse.settings import Settings
from packhouse.storage import Database, Initiator

NOTHING_READ = 1
BAD_MAPPING = 2
# of what happened before, and is told to no plugin
_HISTORY = "import"

_NO_READER = "no plugin reads files: install packhouse-spreadsheet, and see plugins.enabled in the settings"

Advance = Callable[[int], None]
Work = Callable[[Database, Rejects, Advance], Awaitable[ImportCount]]


def import_orders(mapping: Path, data: Path | None, rejects: Path | None) -> None:
    """Import orders of the past.

    Raises:
        typer.Exit: with the code that says how it went wrong.
        SettingsError, DatabaseNotReady: it could not begin.
    """
    settings = read_settings()
    host = PluginHost.load(settings.plugins)
    with told_errors(), Screen() as screen:
        code, reader = _reader_of_history(host)
        with reader.open_history(mapping, data, screen.reading) as history:

            async def work(database: Database, put_aside: Rejects, advance: Advance) -> ImportCount:
                by = Initiator(ACTOR, _HISTORY)
                return await HistoryImport(database, by, import_reviews, put_aside).run(history, code, advance)

            count, put_aside = _run(settings, screen, history, rejects_file(mapping, rejects), work)
    _conclude("orders", count, put_aside)


def import_stock(mapping: Path, data: Path | None, rejects: Path | None) -> None:
    """Import a stock list.

    Raises:
        typer.Exit: with the code that says how it went wrong.
        SettingsError, DatabaseNotReady: it could not begin.
    """
    settings = read_settings()
    host = PluginHost.load(settings.plugins)
    with told_errors(), Screen() as screen, _reader_of_stock(host).open_stock(mapping, data, screen.reading) as stock:

        async def work(database: Database, put_aside: Rejects, advance: Advance) -> ImportCount:
            return await importing.import_stock(database, Initiator(ACTOR, ORIGIN), stock, put_aside, advance)

        count, put_aside = _run(settings, screen, stock, rejects_file(mapping, rejects), work)
    _conclude("stock rows", count, put_aside)


class Screen(AbstractContextManager["Screen"]):
    """The progress bar: first the files that are read, then what is imported."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("reading", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def reading(self, file: str, rows: int) -> None:
        """Show how far a file has been read."""
        self._bar.update(self._task, description=f"reading {file}", completed=rows)

    def importing(self, total: int) -> None:
        """Start counting what is imported."""
        self._bar.update(self._task, description="importing", completed=0, total=total)

    def advance(self, count: int) -> None:
        """Show what was imported."""
        self._bar.advance(self._task, count)


@contextmanager
def told_errors() -> Iterator[None]:
    """Errors as a sentence and an exit code."""
    try:
        yield
    except BadMapping as error:
        typer.echo(f"packhouse: the mapping cannot be used:\n{error}", err=True)
        raise typer.Exit(BAD_MAPPING) from error
    except Unreadable as error:
        typer.echo(f"packhouse: {error}", err=True)
        raise typer.Exit(NOTHING_READ) from error


def _reader_of_history(host: PluginHost) -> tuple[str, ReadsHistory]:
    """The first channel, by code, that reads history."""
    for code, channel in sorted(host.providers.channels.items()):
        if isinstance(channel, ReadsHistory):
            return code, channel
    raise Unreadable(_NO_READER)


def _reader_of_stock(host: PluginHost) -> ReadsStock:
    """The first channel, by code, that reads stock lists."""
    for _, channel in sorted(host.providers.channels.items()):
        if isinstance(channel, ReadsStock):
            return channel
    raise Unreadable(_NO_READER)


def _run(
    settings: Settings, screen: Screen, source: History | StockList, rejects: Path, work: Work
) -> tuple[ImportCount, Rejects]:
    async def run() -> tuple[ImportCount, Rejects]:
        database = await open_ready(settings, Outbox.undecided())
        try:
            with Rejects(rejects) as put_aside:
                return await work(database, put_aside, screen.advance), put_aside
        finally:
            await database.close()

    screen.importing(source.total)
    return asyncio.run(run())


def _conclude(what: str, count: ImportCount, rejects: Rejects) -> None:
    """Print what became of everything; exit with 1 when nothing could be read."""
    console = Console()
    labels = {
        ImportOutcome.IMPORTED: "imported",
        ImportOutcome.KNOWN: "already there",
        ImportOutcome.DIFFERENT: "already there, and different: left as they are",
        ImportOutcome.REJECTED: "rejected",
    }
    table = Table(title=f"Import of {what}", show_header=False)
    for outcome, label in labels.items():
        table.add_row(label, str(count.outcomes[outcome]))
    console.print(table)
    if rejects.count:
        console.print(f"{rejects.count} rows with their reasons: {rejects.path}", markup=False, soft_wrap=True)
    if not count.read:
        console.print(f"No {what} could be read.", style="red")
        raise typer.Exit(NOTHING_READ)


def rejects_file(mapping: Path, named: Path | None) -> Path:
    """Where bad rows go: the file that was named, else one named after what is imported."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return named if named is not None else Path("rejects") / f"{mapping.stem}-{stamp}.csv"
