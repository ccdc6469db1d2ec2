"""Cursors of live messages: a place in a log that grows. Opaque for clients, versioned for us."""

from typing import Any

from packhouse.web.feeds import LiveFeed
from packhouse.web.graphql.cursors import pack, unpack
from packhouse.web.graphql.errors import BadUserInput, CursorExpired

_VERSION = 1
_LAST = 2**63 - 1
_NOT_OURS = "not a cursor of these events; take one from the `cursor` of a message"


def write_log_cursor(log: str, position: int) -> str:
    """The cursor of a position in a log; it only works with the same log."""
    return pack([_VERSION, log, position])


def read_log_cursor(log: str, cursor: str, argument: str) -> int:
    """The position that a cursor names.

    Raises:
        BadUserInput: it was not made by `write_log_cursor`, or for another log.
    """
    try:
        version, name, position = unpack(cursor)
    except (ValueError, TypeError) as error:
        raise BadUserInput(argument, _NOT_OURS) from error
    if version != _VERSION:
        raise BadUserInput(argument, "a cursor of another version of this API; follow from now on")
    if name != log or type(position) is not int or not 0 <= position <= _LAST:
        raise BadUserInput(argument, _NOT_OURS)
    return position


async def start_of(feed: LiveFeed[Any, Any], cursor: str | None, argument: str = "after") -> int:
    """The position after which a subscriber begins: its cursor's, or the log's end.

    Raises:
        BadUserInput: no cursor of this log, or one behind the log's end.
        CursorExpired: the log no longer keeps all that came after it.
    """
    if cursor is None:
        return await feed.end()
    position = read_log_cursor(feed.name, cursor, argument)
    bounds = await feed.bounds()
    if position < bounds.trimmed:
        raise CursorExpired(argument)
    if position > bounds.last:
        raise BadUserInput(
            argument, "this cursor is behind the end of the log, so it is not of this database as it is now"
        )
    return position
