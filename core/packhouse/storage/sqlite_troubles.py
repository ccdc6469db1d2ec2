"""What SQLite says when it cannot write its file, in words for people."""

import sqlite3

from packhouse.storage.outage import DatabaseLost
from packhouse.storage.wrapped import with_wrapped

# by SQLite's primary result codes
_TROUBLES = {
    sqlite3.SQLITE_BUSY: "another program holds its file",
    sqlite3.SQLITE_READONLY: "its file may not be written",
    sqlite3.SQLITE_IOERR: "its file cannot be written or read (the disk fails, or a limit of file sizes is reached)",
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
}
_PRIMARY = 0xFF


def trouble_with_file(error: BaseException) -> DatabaseLost | None:
    """The error for whoever wanted to write, where the file is what is wrong; also where the ORM wrapped SQLite's."""
    for seen in with_wrapped(error):
        if isinstance(seen, sqlite3.Error):
            words = _TROUBLES.get(getattr(seen, "sqlite_errorcode", 0) & _PRIMARY)
            return None if words is None else DatabaseLost(words)
    return None
