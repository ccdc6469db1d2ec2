"""The terminal: a live table where there is one, plain lines where there is not, and the tables at the end."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from packhouse.demo.progress import DemoOrder
from packhouse.reporting.summary import ReportTable

_PLAIN_WIDTH = 200
_NONE = "-"
_COLOURS = {"delivered": "green", "in_transit": "cyan", "held": "yellow", "failed": "red", "cancelled": "red"}


def demo_console() -> Console:
    """Standard output; wide where nobody looks at it, so that no row is cut."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


class Screen:
    """Shows how the orders come along."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._shown: dict[str, str] = {}

    def say(self, text: str = "") -> None:
        """A line for people; it stays."""
        self._console.print(Text(text), soft_wrap=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While it lasts, `show` draws the live table; without a terminal there is none."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, refresh_per_second=5, transient=True) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def show(self, orders: Sequence[DemoOrder]) -> None:
        """The orders as they stand now; without a terminal only what has changed."""
        if self._live is not None:
            self._live.update(_progress_table(orders))
        if not self._console.is_terminal:
            self._show_changes(orders)

    def show_outcome(self, orders: Sequence[DemoOrder]) -> None:
        """What happened to each order."""
        columns = (
            *("order", "placed", "total", "fulfilled by", "carrier", "tracking number", "delivered", "review"),
            "returned, refunded",
        )
        rows = [
            (
                order.number,
                _clock(order.placed_at),
                order.total,
                ", ".join(order.fulfilled_by),
                ", ".join(order.carriers),
                ", ".join(order.tracking_numbers),
                _clock(order.delivered_at) if order.phase == "delivered" else order.where,
                _points(order),
                _return_of(order),
            )
            for order in orders
        ]
        self._print_table("What happened to each order (simulated)", columns, rows)

    def show_reports(self, reports: Sequence[ReportTable]) -> None:
        """The reports."""
        for report in reports:
            self._print_table(report.title, report.columns, report.rows)

    def show_missing(self, missing: Mapping[str, str]) -> None:
        """The orders that did not reach their end, and where they stand."""
        for number, where in missing.items():
            self.say(f"{number} did not reach its end: {where}")

    def _show_changes(self, orders: Sequence[DemoOrder]) -> None:
        for order in orders:
            line = "  ".join(part for part in (order.number, *_progress_row(order)[1:]) if part and part != _NONE)
            if self._shown.get(order.number) != line:
                self._shown[order.number] = line
                self.say(line)

    def _print_table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
        for column in columns:
            # numbers that people copy are folded, never cut
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell or _NONE) for cell in row))
        self._console.print(table)
        self._console.print()


def _progress_table(orders: Sequence[DemoOrder]) -> Table:
    table = Table(title="Orders (simulated)", title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    for column in ("order", "channel", "fulfilled by", "phase", "tracking", "review", "return"):
        table.add_column(column)
    for order in orders:
        number, channel, work, phase, *rest = _progress_row(order)
        coloured = Text(phase, style=_COLOURS.get(order.phase, ""))
        table.add_row(Text(number), Text(channel), Text(work), coloured, *map(Text, rest))
    return table


def _progress_row(order: DemoOrder) -> tuple[str, ...]:
    return (
        order.number,
        "demo",
        ", ".join(order.fulfilled_by) or _NONE,
        order.where,
        ", ".join(order.tracking) or _NONE,
        _points(order) or order.review or _NONE,
        _return_of(order) or _NONE,
    )


def _points(order: DemoOrder) -> str:
    return f"{order.review_score} of 5" if order.review_score is not None else ""


def _return_of(order: DemoOrder) -> str:
    if not order.return_status:
        return ""
    return f"{order.return_status}, {order.refund} refunded" if order.is_refunded else order.return_status


def _clock(moment: str) -> str:
    """A moment as a time of day here."""
    return datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S") if moment else ""
