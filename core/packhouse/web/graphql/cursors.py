"""Cursors: where a row stands in a list with a known order. Opaque for clients, versioned for us."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from packhouse.web.graphql.errors import BadUserInput

Key = str | int | datetime | None

_VERSION = 1
_LONGEST = 2048
_INT64 = 2**63
_NOT_OURS = "not a cursor of this list; take one from pageInfo or edges"


@dataclass(frozen=True, slots=True)
class Ordering:
    """A total order of a list: by one column, then by the id in the same direction, so one index serves both ways.

    `name` is the sort's public name and goes into cursors (PLACED_AT_DESC); `column` the name of the field and column,
    "id" for an order by id alone; `kind` what it holds. In a nullable column, null counts as greater than every value.
    """

    name: str
    column: str
    kind: type[str] | type[int] | type[datetime] | type[UUID]
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: the sort column's value (None where it is null or the order is by id alone) and the id."""

    key: Key
    id: UUID


def write_cursor(ordering: Ordering, place: Place) -> str:
    """The cursor of a place; it only works with the same ordering."""
    key = place.key.astimezone(UTC).isoformat() if isinstance(place.key, datetime) else place.key
    return pack([_VERSION, ordering.name, key, place.id.hex])


def read_cursor(ordering: Ordering, cursor: str, argument: str) -> Place:
    """The place that a cursor names.

    Raises:
        BadUserInput: it was not made by `write_cursor`, or for another ordering.
    """
    try:
        version, name, key, id_ = unpack(cursor)
    except (ValueError, TypeError) as error:
        raise BadUserInput(argument, _NOT_OURS) from error
    if version != _VERSION:
        raise BadUserInput(argument, "a cursor of another version of this API; start the list again")
    if name != ordering.name:
        raise BadUserInput(argument, f"this cursor belongs to another sorting, not to {ordering.name}")
    try:
        return Place(_read_key(ordering, key), UUID(hex=id_))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadUserInput(argument, _NOT_OURS) from error


def pack(values: list[Any]) -> str:
    """Values as a cursor's text."""
    return urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def unpack(cursor: str) -> list[Any]:
    """The values of a cursor's text.

    Raises:
        ValueError, TypeError: it was not made by `pack`.
    """
    if len(cursor) > _LONGEST:
        raise ValueError("too long")
    raw = cursor.encode("ascii")
    unpacked = orjson.loads(urlsafe_b64decode(raw + b"=" * (-len(raw) % 4)))
    if not isinstance(unpacked, list):
        raise TypeError("not a list")
    return unpacked


def _read_key(ordering: Ordering, key: object) -> Key:
    """The checked key of a cursor: a forged one must not reach the database.

    Raises:
        ValueError: it cannot be the value of this column.
    """
    if key is None and (ordering.nullable or ordering.kind is UUID):
        return None
    if ordering.kind is datetime and isinstance(key, str):
        return datetime.fromisoformat(key).astimezone(UTC)
    if ordering.kind is int and type(key) is int and -_INT64 <= key < _INT64:
        return key
    if ordering.kind is str and isinstance(key, str) and "\0" not in key:
        return key
    raise ValueError("not a key of this column")
