"""Reading objects by their global id: each room says how its own are read, the schema puts them together."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from strawberry.relay import Node
from tortoise import Model

from packhouse.storage.batches import ById
from packhouse.web.context import Info

M = TypeVar("M", bound=Model)

NodeReader = Callable[[Info, UUID], Awaitable[Node | None]]


def reader(batch: ById[M], of: Callable[[M], Node]) -> NodeReader:
    """Reads by id and makes the object; ids asked for together are read by one statement."""

    async def read(info: Info, id_: UUID) -> Node | None:
        row = await info.context.loaders.one(batch, id_)
        return None if row is None else of(row)

    return read
