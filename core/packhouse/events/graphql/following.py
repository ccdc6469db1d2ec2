"""What all subscriptions that follow a log have in common."""

from collections.abc import AsyncIterator
from typing import Any

from packhouse.events.event_log import EVENTS
from packhouse.events.live import Trimmed
from packhouse.events.seeing import may_see
from packhouse.web.context import Info
from packhouse.web.feeds import Place, Span
from packhouse.web.graphql.errors import CursorExpired
from packhouse.web.graphql.log_cursors import start_of

AFTER = "The `cursor` of a message: begin with what came after it. Null: from now on."


async def span_of(info: Info, log: str, after: str | None) -> Span:
    """The part of a log to tell: what the server has set, else what came after a cursor, or comes from now on.

    Raises:
        BadUserInput, CursorExpired: the cursor cannot be followed from.
    """
    context = info.context
    return context.span or Span(await start_of(context.live[log], after), is_first=after is None)


async def follow(info: Info, log: str, span: Span, selection: Any = None) -> AsyncIterator[Any]:  # noqa: ANN401  (the log's own)
    """The entries of a part of a log that were selected; what was loaded before one of them is forgotten with it.

    Events that whoever follows may not see are passed over: what comes after them is told.

    Raises:
        CursorExpired: the log was trimmed before the subscriber came so far.
    """
    context = info.context
    try:
        async for entry in context.live[log].subscribe(span.after, selection, upto=span.upto):
            if log == EVENTS and not may_see(context, entry.type):
                continue
            context.forget()
            context.place = Place(log, entry.position)
            yield entry
    except Trimmed as error:
        raise CursorExpired("after") from error
