"""What a sheet is: its columns, the rows it is written with, and how a row is taken in."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from packhouse.sheets.cells import Record
from packhouse.sheets.writing import Value
from packhouse.storage import Reader, UnitOfWork

PAGE = 500


@dataclass(frozen=True, slots=True)
class Item:
    """A row that was read: its line, what it is about (text that no other row of the file may have), and what it says."""

    line: int
    key: str
    says: Any


class Sheet(Protocol):
    """One kind of sheet: how it is written, and how its rows are taken in."""

    @property
    def columns(self) -> Sequence[str]:
        """All its columns, in their order."""

    @property
    def required(self) -> Sequence[str]:
        """Those that a file must have."""

    def pages(self, reader: Reader) -> AsyncIterator[list[tuple[Value, ...]]]:
        """All rows that there are, page by page, each in the order of the columns."""

    def read(self, record: Record) -> Item:
        """What a row says.

        Raises:
            BadCell: a cell cannot be what it has to be.
            InvalidValue: nor can what it says.
        """

    async def changes(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those that say something else than what is there, in their order."""

    async def apply(self, uow: UnitOfWork, item: Item) -> None:
        """Make it so.

        Raises:
            Refused, InvalidValue: it cannot be done.
        """
