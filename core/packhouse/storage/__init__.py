"""The database: opening it, writing to it in units of work, and migrating it."""

from packhouse.storage.database import Database, open_database
from packhouse.storage.once import write_once
from packhouse.storage.outage import DatabaseLost, DatabaseSilent, Outage
from packhouse.storage.time_limits import TimeLimits
from packhouse.storage.unit_of_work import Initiator, KeyedRequest, Reader, UnitOfWork

__all__ = [
    "Database",
    "DatabaseLost",
    "DatabaseSilent",
    "Initiator",
    "KeyedRequest",
    "Outage",
    "Reader",
    "TimeLimits",
    "UnitOfWork",
    "open_database",
    "write_once",
]
