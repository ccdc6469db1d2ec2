"""A pool of few connections: one that was not given back is missed."""

import asyncio

from packhouse.catalog.models import Variant
from packhouse.sdk import now
from packhouse.storage import Database, Initiator, UnitOfWork

CONNECTIONS = 3


async def nothing(_: UnitOfWork) -> None:
    """No event is recorded here."""


async def add(sku: str) -> Variant:
    """Something to find again."""
    return await Variant.create(sku=sku, title=sku, created_at=now())


async def use_all_connections(database: Database, by: Initiator) -> None:
    """As many transactions side by side as the pool has connections."""
    everybody = asyncio.Barrier(CONNECTIONS)

    async def work(uow: UnitOfWork) -> None:
        await uow.fetch("SELECT 1")
        await everybody.wait()

    async with asyncio.timeout(20):
        await asyncio.gather(*(database.write(by, work) for _ in range(CONNECTIONS)))
