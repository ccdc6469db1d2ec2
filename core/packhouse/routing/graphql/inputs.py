"""Rules as people write them."""

import strawberry
from strawberry.scalars import JSON

from packhouse.routing.commands.set_routing_rules import SetRoutingRules
from packhouse.routing.costs import SplitBound
from packhouse.routing.questions import Rule
from packhouse.routing.states import RuleFailure, RuleKind, SplitPolicy
from packhouse.sdk import InvalidValue
from packhouse.web.graphql.enums import expose
from packhouse.web.graphql.money import MoneyInput

expose(RuleKind)
expose(SplitPolicy)
expose(RuleFailure)


@strawberry.input(description="A routing rule.")
class RoutingRuleInput:
    kind: RuleKind = strawberry.field(description="What it looks at.")
    options: JSON | None = strawberry.field(
        default=None,
        description=(
            "PINNED: locations (codes, the first best), only. DESTINATIONS: locations, countries they send to. "
            "KEEP_BACK: units, locations (all without). LOCATION_GROUP: groups (the first best), only. "
            "CAPACITY: limits, a list of {location, unitsPerDay, ordersPerDay, cutOff, timeZone}, and exclude (full ones "
            "send nothing; otherwise they go last); the cut-off is the location's own where the limit has none. "
            "RESTRICTIONS: restrictions, a list of {skus, hsCodes, countries, locations}. PLUGIN: as the rule says. The others have none."
        ),
    )
    code: str = strawberry.field(
        default="", description="For PLUGIN: `plugin/rule`; for STRATEGY: the plugin. See `pluginRoutingRules`."
    )
    if_fails: RuleFailure | None = strawberry.field(
        default=None,
        description="For those of plugins. Without: HOLD for strategies and for rules that may exclude, else ABSTAIN.",
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
    most_extra_cost: MoneyInput | None = strawberry.field(
        default=None, description="For COST_BOUNDED: how much more than one parcel several may cost."
    )
    most_extra_percent: float | None = strawberry.field(
        default=None, description="For COST_BOUNDED: the same as a part of the order's value, in percent."
    )

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
            rules.append(Rule(each.kind, options, each.code, each.if_fails))
        return SetRoutingRules(channel.strip(), tuple(rules), self.split, self.most_parcels, note, self._bound())

    def _bound(self) -> SplitBound | None:
        if self.most_extra_cost is None and self.most_extra_percent is None:
            return None
        cost = None if self.most_extra_cost is None else self.most_extra_cost.value("rules.mostExtraCost.amount")
        if cost is None:
            return SplitBound(percent=self.most_extra_percent)
        return SplitBound(cost.minor, cost.currency, self.most_extra_percent)
