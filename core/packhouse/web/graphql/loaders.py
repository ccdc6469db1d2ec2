"""Batched reads: all objects of one request that ask for the same thing are answered by one statement."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from strawberry.dataloader import DataLoader

K = TypeVar("K")
V = TypeVar("V")

Batch = Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]


class Loaders:
    """One request's loaders, one for each batch function of a room's `queries.py`."""

    def __init__(self) -> None:
        self._loaders: dict[Any, DataLoader[Any, Any]] = {}

    async def one(self, batch: Batch[K, V], key: K) -> V | None:
        """The value of a key; None where the batch has none."""
        return cast("V | None", await self._loader(batch, None).load(key))

    async def many(self, batch: Batch[K, list[V]], key: K) -> list[V]:
        """The list of a key; empty where the batch has none."""
        return cast("list[V]", await self._loader(batch, ()).load(key)) or []

    def _loader(self, batch: Batch[K, Any], missing: Any) -> DataLoader[K, Any]:  # noqa: ANN401
        loader = self._loaders.get(batch)
        if loader is None:

            async def load(keys: list[K]) -> list[Any]:
                found = await batch(keys)
                return [found.get(key, missing) for key in keys]

            loader = DataLoader(load_fn=load)
            self._loaders[batch] = loader
        return loader
