"""The database: opening it, writing to it in units of work, and migrating it."""

from packhouse.storage.database import Database, open_database
from packhouse.storage.once import write_once
from packhouse.storage.postgres_client import DatabaseLost
from packhouse.storage.unit_of_work import Initiator, KeyedRequest, Reader, UnitOfWork

__all__ = [
    "Database",
    "DatabaseLost",
    "Initiator",
    "KeyedRequest",
    "Reader",
    "UnitOfWork",
    "open_database",
    "write_once",
]
