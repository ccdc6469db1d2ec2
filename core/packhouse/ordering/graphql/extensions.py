"""What plugins add to orders when they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from packhouse.orders.graphql.types import OrderRecord
from packhouse.shipping.queries import order_snapshots
from packhouse.web.context import Checks, Info


@strawberry.type(description="What a plugin knows about an order.")
class OrderExtension:
    plugin: str = strawberry.field(description="The plugin's code.")
    data: JSON | None = strawberry.field(
        description="What it says: an object of its own form; null where it could not."
    )
    problem: str | None = strawberry.field(description="Why it could not say; null where it could.")


@dataclass(frozen=True, slots=True)
class _Asking:
    """A batch of a request's loaders: the plugins are asked for all orders of the request at once."""

    checks: Checks

    async def __call__(self, order_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
        snapshots = await order_snapshots(order_ids)
        found = await self.checks.order_extensions(list(snapshots.values()))
        return {order_id: list(extensions) for order_id, extensions in found.items()}


@strawberry.type(description="What plugins add to an order.")
class OrderExtensions(OrderRecord):
    @strawberry.field(description="What plugins know about it, by plugin; those that have nothing to say are left out.")
    async def extensions(self, info: Info) -> list[OrderExtension]:
        checks = info.context.checks
        if not checks.extends_orders:
            return []
        found = await info.context.loaders.many(_Asking(checks), self.id)
        return [
            OrderExtension(plugin=each.plugin, data=cast("JSON | None", each.data), problem=each.problem or None)
            for each in found
        ]
