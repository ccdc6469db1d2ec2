"""Following a replay: the figures as they grow."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import strawberry

from packhouse.routing.graphql.queries import (
    Behind,
    PlacedOtherwise,
    RoutingReplay,
    Rules,
    Since,
    Span,
    Until,
    begin,
    shown,
)
from packhouse.routing.queries import count_decisions
from packhouse.web.context import Info


@strawberry.type(description="How far a replay is.")
class RoutingReplayProgress:
    total: int = strawberry.field(description="How many decisions there were to look at when it began.")
    is_complete: bool = strawberry.field(description="Whether it has looked at all of them; then it ends.")
    replay: RoutingReplay = strawberry.field(description="What came of those that it has looked at, all added up.")


@strawberry.type
class RoutingSubscriptions:
    @strawberry.subscription(
        description="`replayRouting` of the queries, without its limit: the figures as they grow, every 500 decisions, to the end."
    )
    async def replay_routing(
        self,
        info: Info,
        since: Since,
        until: Until,
        rules: Rules = None,
        after: Behind = None,
        placement: PlacedOtherwise = None,
    ) -> AsyncIterator[RoutingReplayProgress]:
        again = await begin(info, Span(since, until, after), rules, placement)
        behind = None if again.start is None else (again.start.decided_at, again.start.id)
        total = await count_decisions(info.context.database, since, until, behind)
        # the next page is read when the client has taken this one
        async with aclosing(again.pages) as pages:
            async for result in pages:
                yield RoutingReplayProgress(total=total, is_complete=result.is_complete, replay=shown(result))
