"""When the database cannot be used: the error that says so, and the two lines of the log that tell its beginning and its end."""

import logging
import time

log = logging.getLogger(__name__)


class DatabaseLost(ConnectionError):
    """The database cannot be used at this moment: it is away, the connection to it ended, or its file cannot be written.

    The log tells of it once, so whoever meets it says nothing more (`is_told`).
    """

    is_told = True


class DatabaseSilent(DatabaseLost):
    """It gave no answer in time. Whoever waited has waited long enough: it is not asked again by itself."""


class Outage:
    """One database's troubles as people who are on call read them: a line when they begin, and one when they are over."""

    def __init__(self) -> None:
        self._since: float | None = None

    @property
    def is_on(self) -> bool:
        """Whether the database cannot be used at this moment, as far as anybody has noticed."""
        return self._since is not None

    def met(self, error: DatabaseLost) -> None:
        """Somebody could not use it."""
        if self._since is None:
            self._since = time.monotonic()
            log.error("The database cannot be used: %s. What needs it waits, or is refused, until it is back", error)

    def over(self) -> None:
        """Somebody used it."""
        if self._since is not None:
            log.warning("The database works again, after %.1f s", time.monotonic() - self._since)
            self._since = None
