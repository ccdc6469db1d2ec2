"""By which rules orders are routed, and why an order's units went where they went."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import relay
from strawberry.scalars import JSON

from packhouse.orders.graphql.types import OrderRecord
from packhouse.routing import models, queries
from packhouse.routing.graphql import inputs  # noqa: F401  (it makes the enums known)
from packhouse.routing.questions import Rule, rules_from_json
from packhouse.routing.states import RuleFailure, RuleKind, SplitPolicy
from packhouse.web.context import Info
from packhouse.web.graphql.money import Money


@strawberry.type(description="A routing rule.")
class RoutingRule:
    kind: RuleKind = strawberry.field(description="What it looks at.")
    options: JSON = strawberry.field(description="Its options.")
    code: str | None = strawberry.field(description="Of a plugin's: `plugin/rule`, or the plugin.")
    if_fails: RuleFailure | None = strawberry.field(
        description="Of a plugin's: what becomes of an order where it fails."
    )

    @classmethod
    def of(cls, rule: Rule) -> "RoutingRule":
        """A rule as people see it."""
        return cls(kind=rule.kind, options=JSON(dict(rule.options)), code=rule.code or None, if_fails=rule.if_fails)


@strawberry.type(description="A version of routing rules. It never changes: a newer one takes its place.")
class RoutingRules(relay.Node):
    id: relay.NodeID[UUID]
    channel: str | None = strawberry.field(
        description="Code of the channel they are for; null: for all channels without rules of their own."
    )
    version: str = strawberry.field(description="Its name in decisions: `web-3`, `default-1`.")
    rules: list[RoutingRule] = strawberry.field(description="In the order in which they decide.")
    split: SplitPolicy = strawberry.field(description="Whether several locations may send one order.")
    most_parcels: int | None = strawberry.field(description="In how many parcels at most, where the split is limited.")
    most_extra_cost: Money | None = strawberry.field(
        description="How much more than one parcel several may cost, where the split is bounded by cost."
    )
    most_extra_percent: float | None = strawberry.field(
        description="The same as a part of the order's value, in percent."
    )
    is_active: bool = strawberry.field(description="Whether they decide now.")
    note: str | None = strawberry.field(description="Why they were made.")
    actor: str = strawberry.field(description="Who made them.")
    created_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: models.RoutingRules) -> "RoutingRules":
        """The rules of a row."""
        split, bound = SplitPolicy(row.split), row.split_bound
        return cls(
            id=row.id,
            channel=row.channel or None,
            version=queries.version_name(row.channel, row.number),
            rules=[RoutingRule.of(rule) for rule in rules_from_json(row.rules)],
            split=split,
            most_parcels=row.most_parcels if split is SplitPolicy.LIMITED else None,
            most_extra_cost=Money.of_minor(bound["minor"], bound["currency"]) if "minor" in bound else None,
            most_extra_percent=bound.get("percent"),
            is_active=row.is_active,
            note=row.note or None,
            actor=row.actor,
            created_at=row.created_at,
        )


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
