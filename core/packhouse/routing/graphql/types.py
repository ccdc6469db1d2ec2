"""Why an order's units went where they went."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay
from strawberry.scalars import JSON

from packhouse.orders.graphql.types import OrderRecord
from packhouse.routing import models, queries
from packhouse.web.context import Info


@strawberry.type(description="A routing decision with its receipt.")
class RoutingDecision(relay.Node):
    id: relay.NodeID[UUID]
    rule_version: str = strawberry.field(description="Which version of the rules decided.")
    receipt: JSON = strawberry.field(description="Every candidate location, its score, and why it lost.")
    decided_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: models.RoutingDecision) -> "RoutingDecision":
        """The decision of a row."""
        return cls(id=row.id, rule_version=row.rule_version, receipt=JSON(row.receipt), decided_at=row.decided_at)


@strawberry.type(description="What routing adds to an order.")
class OrderRouting(OrderRecord):
    @strawberry.field(description="Every decision about where its units are sent from, oldest first.")
    async def routing_decisions(self, info: Info) -> list[RoutingDecision]:
        rows = await info.context.loaders.many(queries.routing_decisions_of_orders, self.id)
        return [RoutingDecision.of(row) for row in rows]
