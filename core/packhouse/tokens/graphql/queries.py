"""Reading whoever asks, which tokens there are, and what happened to them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from packhouse.events.graphql.types import Event
from packhouse.events.models import EventRow
from packhouse.sdk import EventType, now
from packhouse.tokens.graphql.types import AccessToken, Viewer
from packhouse.web import models
from packhouse.web.authentication import in_force_at
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

_NEWEST = Ordering("ID", "id", UUID, descending=True)
_LATEST = Ordering("RECORDED_AT_DESC", "recorded_at", datetime, descending=True)
# few of all events, and found by the index on their types
_OF_TOKENS = (EventType.ACCESS_TOKEN_CREATED, EventType.ACCESS_TOKEN_CHANGED, EventType.ACCESS_TOKEN_REVOKED)


@strawberry.type
class TokensQueries:
    @strawberry.field(description="Whoever asks: the access token that this request came with.")
    async def viewer(self, info: Info) -> Viewer:
        return Viewer.of(info.context.grant)

    @strawberry.field(description="The access tokens that were made, newest first.")
    async def access_tokens(
        self,
        in_force: Annotated[
            bool | None,
            strawberry.argument(description="Those that are valid now, or those that are not; all without it."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AccessToken]:
        page = PageArguments.of(first, after, last, before)
        rows = models.AccessToken.all()
        if in_force is not None:
            valid = in_force_at(now())
            rows = rows.filter(valid if in_force else ~valid)
        return await paginate(QuerySetSource(rows), page, _NEWEST, AccessToken.of)

    @strawberry.field(
        description="What happened to access tokens, newest first: who made, changed or revoked which, and why."
    )
    async def access_token_events(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Event]:
        page = PageArguments.of(first, after, last, before)
        rows = EventRow.filter(type__in=[each.value for each in _OF_TOKENS])
        return await paginate(QuerySetSource(rows), page, _LATEST, Event.of)
