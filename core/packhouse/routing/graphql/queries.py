"""Reading routing rules, and deciding past orders again by others."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.orders.graphql.types import OrderType, order_object
from packhouse.orders.queries import orders_by_id
from packhouse.routing import models, queries, replay
from packhouse.routing.commands.set_routing_rules import checked_rules
from packhouse.routing.graphql.inputs import RoutingRulesInput
from packhouse.routing.graphql.types import RoutingDecision, RoutingRule, RoutingRules
from packhouse.routing.placement import Share
from packhouse.routing.states import RuleKind
from packhouse.routing.tallies import Tally
from packhouse.sdk import Refused
from packhouse.web.context import Info
from packhouse.web.graphql.connection import (
    After,
    Before,
    Connection,
    First,
    Last,
    Ordering,
    PageArguments,
    QuerySetSource,
    paginate,
)
from packhouse.web.graphql.cursors import Place, read_cursor, write_cursor
from packhouse.web.graphql.filters import given
from packhouse.web.graphql.money import Money
from packhouse.web.graphql.nodes import reader

NODES = {
    "RoutingDecision": reader(queries.routing_decisions_by_id, RoutingDecision.of),
    "RoutingRules": reader(queries.routing_rules_by_id, RoutingRules.of),
}
_NEWEST = Ordering("ID", "id", UUID, descending=True)
_BY_TIME = Ordering("DECIDED_AT", "decided_at", datetime)
_PAGES_AT_ONCE = 10


@strawberry.type(description="The rules that decide for a channel now.")
class RoutingInForce:
    version: str = strawberry.field(description="Their name in decisions; `builtin-2` where nobody has set any.")
    rules: list[RoutingRule] = strawberry.field(description="In the order in which they decide.")


@strawberry.type(description="What some decisions come to.")
class RoutingFigures:
    parcels: int = strawberry.field(description="Locations that send, summed over the decisions.")
    split: int = strawberry.field(description="Decisions that take more than one location.")
    unsent_units: int = strawberry.field(description="Units that nobody would send.")
    abroad: int = strawberry.field(description="Parcels that are sent from another country.")
    theirs: int = strawberry.field(description="Parcels that somebody else sends for us.")
    distance_km: float = strawberry.field(
        description="Kilometres as the crow flies, summed over the parcels that could be measured."
    )
    measured: int = strawberry.field(description="Parcels of which it is known where they start and where they go.")
    cost: list[Money] = strawberry.field(
        description="What the parcels cost by the rates that are known, one amount for each currency."
    )
    priced: int = strawberry.field(description="Parcels of which the weight and a rate are known.")
    promised_days: float = strawberry.field(
        description="Days from the decision until all of it was to be there, summed over the decisions that kept promises."
    )
    promised: int = strawberry.field(
        description="Decisions that kept a promise of everybody who sends: where the rules looked at promises (FASTEST)."
    )

    @classmethod
    def of(cls, tally: Tally) -> "RoutingFigures":
        """A tally as people see it."""
        return cls(
            parcels=tally.parcels,
            split=tally.split,
            unsent_units=tally.unsent_units,
            abroad=tally.abroad,
            theirs=tally.theirs,
            distance_km=round(tally.distance_km, 1),
            measured=tally.measured,
            cost=[Money.of_minor(minor, currency) for currency, minor in sorted(tally.cost.items())],
            priced=tally.priced,
            promised_days=round(tally.promised_days, 1),
            promised=tally.promised,
        )


@strawberry.type(description="Units that a location sends.")
class RoutedUnits:
    location: str = strawberry.field(description="Code of the location.")
    units: int = strawberry.field(description="How many.")


@strawberry.type(description="An order that the other rules would send otherwise.")
class RoutingDifference:
    order_id: strawberry.Private[UUID]
    before: list[RoutedUnits] = strawberry.field(description="As it was decided.")
    after: list[RoutedUnits] = strawberry.field(description="As the other rules decide.")

    @strawberry.field(description="The order.")
    async def order(self, info: Info) -> OrderType | None:
        row = await info.context.loaders.one(orders_by_id, self.order_id)
        return None if row is None else order_object(row)

    @classmethod
    def of(cls, each: replay.Difference) -> "RoutingDifference":
        """A difference as people see it."""
        return cls(order_id=each.order_id, before=_units(each.before), after=_units(each.after))


@strawberry.type(description="A plugin that had a say in past decisions and cannot be asked as it was then.")
class ReplayedPlugin:
    plugin: str = strawberry.field(description="Its code and version: `demo 1.0.0`.")
    decisions: int = strawberry.field(description="In how many it had a say.")


@strawberry.type(description="A kind of rule, or a whole strategy, that a plugin brings.")
class PluginRoutingRule:
    kind: RuleKind = strawberry.field(description="PLUGIN or STRATEGY.")
    code: str = strawberry.field(description="By which rules name it.")
    title: str = strawberry.field(description="For people.")
    version: str = strawberry.field(description="Of the plugin.")
    may_exclude: bool = strawberry.field(description="Whether it may say that a location sends nothing.")


@strawberry.input(description="So much of a SKU at a location; the rest lies where it was, in the same proportion.")
class StockShareInput:
    sku: str = strawberry.field(description="Our SKU.")
    location: str = strawberry.field(description="Code of the location.")
    percent: int = strawberry.field(description="Of all units that were there to send, 0 to 100.")


Since = Annotated[datetime, strawberry.argument(description="Decisions from then on.")]
Until = Annotated[datetime, strawberry.argument(description="Decisions before then.")]
Rules = Annotated[RoutingRulesInput | None, strawberry.argument(description="The rules to try.")]
Behind = Annotated[str | None, strawberry.argument(description="Go on behind an earlier call's `endCursor`.")]
PlacedOtherwise = Annotated[
    list[StockShareInput] | None,
    strawberry.argument(
        description="The stock placed otherwise at every decision; in total there was as much as there was."
    ),
]


@strawberry.type(
    description="Past decisions, decided again. Each call of the query takes 5,000 at most: add the figures up."
)
class RoutingReplay:
    decisions: int = strawberry.field(description="How many were looked at, by this call or so far.")
    same: int = strawberry.field(description="Decided exactly alike, with every rank and reason.")
    unknown: int = strawberry.field(
        description="From before questions were kept, or by rules or plugins that are gone."
    )
    plugins: list[ReplayedPlugin] = strawberry.field(
        description="Plugins that had a say and are gone, or of another version now."
    )
    before: RoutingFigures = strawberry.field(description="As it was decided.")
    after: RoutingFigures = strawberry.field(description="As the other rules decide.")
    examples: list[RoutingDifference] = strawberry.field(
        description="The first orders that would be sent otherwise, 20 at most."
    )
    end_cursor: str | None = strawberry.field(description="Where it stopped: the next call's `after`.")
    has_more: bool = strawberry.field(description="Whether there is more behind it.")


@strawberry.type
class RoutingQueries:
    @strawberry.field(description="The rules that decide for a channel now.")
    async def routing_in_force(
        self,
        info: Info,
        channel: Annotated[
            str, strawberry.argument(description="Code of the channel; empty: any without rules of its own.")
        ] = "",
    ) -> RoutingInForce:
        rules = await queries.active_rules(info.context.database, channel)
        return RoutingInForce(version=rules.version, rules=[RoutingRule.of(rule) for rule in rules.rules])

    @strawberry.field(description="Every version of routing rules, newest first.")
    async def routing_rules(
        self,
        channel: Annotated[
            str | None, strawberry.argument(description="Of this channel; empty text: of those for all channels.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[RoutingRules]:
        page = PageArguments.of(first, after, last, before)
        rows = models.RoutingRules.filter(**given(channel=channel))
        return await paginate(QuerySetSource(rows), page, _NEWEST, RoutingRules.of)

    @strawberry.field(description="The kinds of rules and the strategies that plugins bring.")
    async def plugin_routing_rules(self, info: Info) -> list[PluginRoutingRule]:
        judges = queries.judges_of(info.context.database)
        rules = [
            PluginRoutingRule(
                kind=RuleKind.PLUGIN,
                code=code,
                title=rule.title,
                version=judges.versions[code.partition("/")[0]],
                may_exclude=rule.may_exclude,
            )
            for code, rule in sorted(judges.rules.items())
        ]
        strategies = [
            PluginRoutingRule(
                kind=RuleKind.STRATEGY, code=code, title=code, version=judges.versions[code], may_exclude=True
            )
            for code in sorted(judges.strategies)
        ]
        return rules + strategies

    @strawberry.field(
        description="Decide past orders again, by other rules or (without `rules`) by those of that time. Changes nothing."
    )
    async def replay_routing(
        self,
        info: Info,
        since: Since,
        until: Until,
        rules: Rules = None,
        after: Behind = None,
        placement: PlacedOtherwise = None,
    ) -> RoutingReplay:
        pages, result = 0, replay.Replay()
        again = await begin(info, Span(since, until, after), rules, placement)
        async with aclosing(again.pages) as figures:
            async for result in figures:  # noqa: B007  (the last one counts)
                pages += 1
                if pages == _PAGES_AT_ONCE:
                    break
        return shown(result)


@dataclass(frozen=True, slots=True)
class Span:
    """Which decisions are decided again: those in [since, until), behind a cursor."""

    since: datetime
    until: datetime
    after: str | None


@dataclass(frozen=True, slots=True)
class Begun:
    """A replay that has begun: the running figures, page by page, and behind which decision it began."""

    pages: AsyncGenerator[replay.Replay, None]
    start: replay.Position | None


async def begin(
    info: Info, span: Span, rules: RoutingRulesInput | None, placement: list[StockShareInput] | None
) -> Begun:
    """Begin a replay.

    Raises:
        Refused, InvalidValue: a span that ends before it begins, rules that cannot decide, shares that cannot be.
        BadUserInput: no cursor of a replay.
    """
    database = info.context.database
    if span.until < span.since:
        raise Refused("INVALID_VALUE", "until lies before since", "until")
    draft = None if rules is None else await checked_rules(rules.data(), queries.judges_of(database))
    shares = [Share(each.sku, each.location, each.percent) for each in placement or ()]
    otherwise = await queries.known_placement(database, shares)
    place = None if span.after is None else read_cursor(_BY_TIME, span.after, "after")
    start = replay.Position(place.key, place.id) if place and isinstance(place.key, datetime) else None
    pages = replay.replay_routing(database, span.since, span.until, draft, start, placement=otherwise)
    return Begun(pages, start)


def shown(result: replay.Replay) -> RoutingReplay:
    """The figures so far."""
    position = result.position
    return RoutingReplay(
        decisions=result.decisions,
        same=result.same,
        unknown=result.unknown,
        plugins=[ReplayedPlugin(plugin=name, decisions=count) for name, count in sorted(result.plugins.items())],
        before=RoutingFigures.of(result.before),
        after=RoutingFigures.of(result.after),
        examples=[RoutingDifference.of(each) for each in result.examples],
        end_cursor=None if position is None else write_cursor(_BY_TIME, Place(position.decided_at, position.id)),
        has_more=not result.is_complete,
    )


def _units(sends: Mapping[str, int]) -> list[RoutedUnits]:
    return [RoutedUnits(location=code, units=units) for code, units in sends.items()]
