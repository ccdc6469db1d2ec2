"""The database: opening it, writing to it in units of work, and migrating it."""

from packhouse.storage.database import Database, open_database
from packhouse.storage.unit_of_work import Initiator, UnitOfWork

__all__ = ["Database", "Initiator", "UnitOfWork", "open_database"]
