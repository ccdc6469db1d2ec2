"""Batched reads: what a DataLoader asks for many keys at once, in one statement."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from tortoise import Model

M = TypeVar("M", bound=Model)

ById = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, M]]]
ListsById = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, list[M]]]]


def by_id(model: type[M]) -> ById[M]:
    """A batch function: rows by their own id; unknown ids are left out."""

    async def load(ids: Sequence[UUID]) -> Mapping[UUID, M]:
        rows = await model.filter(id__in=list(dict.fromkeys(ids)))
        return {row.pk: row for row in rows}

    return load


def children(model: type[M], parent: str, *order: str) -> ListsById[M]:
    """A batch function: rows by the id in their column `parent`, in the order of the columns `order`."""

    async def load(ids: Sequence[UUID]) -> Mapping[UUID, list[M]]:
        rows = await model.filter(**{f"{parent}__in": list(dict.fromkeys(ids))}).order_by(*order, "id")
        found: dict[UUID, list[M]] = defaultdict(list)
        for row in rows:
            found[getattr(row, parent)].append(row)
        return found

    return load
