"""Rules as people write them."""

import strawberry
from strawberry.scalars import JSON

from packhouse.routing.commands.set_routing_rules import SetRoutingRules
from packhouse.routing.questions import Rule
from packhouse.routing.states import RuleKind, SplitPolicy
from packhouse.sdk import InvalidValue
from packhouse.web.graphql.enums import expose

expose(RuleKind)
expose(SplitPolicy)


@strawberry.input(description="A routing rule.")
class RoutingRuleInput:
    kind: RuleKind = strawberry.field(description="What it looks at.")
    options: JSON | None = strawberry.field(
        default=None,
        description=(
            "PINNED: locations (codes, the first best), only. DESTINATIONS: locations, countries they send to. "
            "KEEP_BACK: units, locations (all without). LOCATION_GROUP: groups (the first best), only. "
            "CAPACITY: limits, a list of {location, unitsPerDay, ordersPerDay, cutOff, timeZone}, and exclude (full ones "
            "send nothing; otherwise they go last). The others have none."
        ),
    )


@strawberry.input(description="Routing rules in the order in which they decide.")
class RoutingRulesInput:
    rules: list[RoutingRuleInput] = strawberry.field(
        description="A later one is asked where all earlier ones see no difference."
    )
    split: SplitPolicy = strawberry.field(
        default=SplitPolicy.WHEN_NEEDED, description="Whether several locations may send one order."
    )
    most_parcels: int | None = strawberry.field(default=None, description="For LIMITED: in how many parcels at most.")

    def data(self, channel: str = "", note: str = "") -> SetRoutingRules:
        """The rules as the command takes them.

        Raises:
            InvalidValue: options that are no object.
        """
        rules = []
        for index, each in enumerate(self.rules):
            options: object = each.options if each.options is not None else {}
            if not isinstance(options, dict):
                raise InvalidValue(f"rules.{index}.options", "expected an object")
            rules.append(Rule(each.kind, options))
        return SetRoutingRules(channel.strip(), tuple(rules), self.split, self.most_parcels, note)
