"""Changing routing rules."""

import strawberry

from packhouse.routing import models
from packhouse.routing.centroids import centroids
from packhouse.routing.commands.set_routing_rules import set_routing_rules
from packhouse.routing.graphql.inputs import RoutingRulesInput
from packhouse.routing.graphql.types import RoutingRules
from packhouse.routing.states import RuleKind
from packhouse.web.context import Info
from packhouse.web.graphql.payloads import UserError, attempt


@strawberry.input(description="A new version of routing rules.")
class SetRoutingRulesInput:
    rules: RoutingRulesInput = strawberry.field(description="The rules.")
    channel: str = strawberry.field(
        default="", description="Code of the channel they are for; empty: of all channels without rules of their own."
    )
    note: str = strawberry.field(default="", description="Why, for people.")


@strawberry.type(description="The rules that decide from now on.")
class RoutingRulesPayload:
    routing_rules: RoutingRules | None = strawberry.field(description="The rules; null where nothing was changed.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="Changes of routing rules.")
class RoutingMutations:
    @strawberry.mutation(
        description="Let new rules decide from now on; earlier versions stay, and past decisions name theirs."
    )
    async def set_routing_rules(self, info: Info, input: SetRoutingRulesInput) -> RoutingRulesPayload:
        async def change() -> models.RoutingRules:
            data = input.rules.data(input.channel, input.note)
            if any(rule.kind is RuleKind.NEAREST for rule in data.rules):
                # before they decide, so that no order waits for it in its transaction
                await centroids()
            return await info.context.write(lambda uow: set_routing_rules(uow, data))

        row, errors = await attempt(change())
        return RoutingRulesPayload(routing_rules=RoutingRules.of(row) if row else None, user_errors=errors)
