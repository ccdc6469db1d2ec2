"""The two databases and where their SQL differs. Statements are written with numbered parameters ($1, $2)."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID, SafeUUID

import orjson
from uuid_utils import uuid7

_AS_JSON = frozenset((dict, list))
_PARAMETER = re.compile(r"\$(\d+)")
_ID_LENGTH = 36
_BLANK, _UNKNOWN = object.__new__, SafeUUID.unknown
_SET_INT, _SET_IS_SAFE = (vars(UUID)[name].__set__ for name in ("int", "is_safe"))


class Dialect(StrEnum):
    """Which database a statement runs on."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


@lru_cache(maxsize=2048)
def sqlite_sql(sql: str) -> str:
    """The statement with SQLite's numbered parameters (?1, ?2)."""
    return _PARAMETER.sub(r"?\1", sql)


def sqlite_values(values: Sequence[Any]) -> list[Any]:
    """Values as SQLite binds them: ids as text, times in UTC, truth as 0 and 1 (of which the driver would have to be asked)."""
    form = _IN_SQLITE.get
    return [value if (text := form(type(value))) is None else text(value) for value in values]


def sqlite_time(moment: datetime) -> str:
    """A time as SQLite keeps it: it compares text, which only works when all is written in one zone."""
    if moment.tzinfo is not None and moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    # the text of isoformat(" "), in a third of its time
    return orjson.dumps(moment)[1:-1].decode().replace("T", " ")


def _id_text(value: UUID) -> str:
    # a third of what str() takes, and an order binds some two hundred ids
    return orjson.dumps(value)[1:-1].decode()


_IN_SQLITE: Mapping[type, Callable[[Any], str | int]] = {UUID: _id_text, datetime: sqlite_time, bool: int}


def placeholders(count: int, start: int = 1) -> str:
    """`$1, $2, $3` for an IN list or a row of values."""
    return ", ".join(f"${number}" for number in range(start, start + count))


def as_json(value: object) -> str:
    """A value for a JSON column."""
    return orjson.dumps(value).decode()


def read_json(value: Any) -> Any:  # noqa: ANN401  (JSON is any value)
    """A value out of a JSON column, whichever database it comes from."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def read_id(value: UUID | str) -> UUID:
    """An id out of a row, whichever database it comes from."""
    if type(value) is not str or len(value) != _ID_LENGTH:
        return value if isinstance(value, UUID) else UUID(value)
    # what UUID() does in the end, without asking first in which of its many forms the text is: less than half the time
    id_ = _BLANK(UUID)
    _SET_INT(id_, int(value.replace("-", ""), 16))
    _SET_IS_SAFE(id_, _UNKNOWN)
    return id_


def fresh_id_text() -> str:
    """A new id for a row of which thousands are written at once: as text for either database, which an object costs more than."""
    return str(uuid7())


def read_time(value: datetime | str) -> datetime:
    """A time out of a row, whichever database it comes from; always aware."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


@lru_cache(maxsize=512)
def insert_sql(table: str, columns: tuple[str, ...], rows: int) -> str:
    """One INSERT for `rows` rows of `columns`."""
    names = ", ".join(f'"{column}"' for column in columns)
    width = len(columns)
    values = ", ".join(f"({placeholders(width, 1 + row * width)})" for row in range(rows))
    return f'INSERT INTO "{table}" ({names}) VALUES {values}'


def row_values(rows: Sequence[Mapping[str, Any]], columns: tuple[str, ...]) -> list[Any]:
    """The values of rows in the order of `insert_sql`; mappings and lists become JSON."""
    return [
        as_json(value) if type(value) in _AS_JSON else value for row in rows for value in map(row.__getitem__, columns)
    ]
