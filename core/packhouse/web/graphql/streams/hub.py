"""Executes operations whose results are streamed: alone, or together with everybody who subscribed to the same.

A subscriber who comes back with a cursor first gets what it missed by an execution of its own, at its own pace, and joins
the others where that has caught up with them: positions make the seam exact.
"""

import asyncio
import logging
from collections.abc import Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult

from packhouse.sdk import new_id
from packhouse.settings import Settings
from packhouse.storage import Initiator
from packhouse.web.context import Context
from packhouse.web.feeds import Span
from packhouse.web.graphql.answers import encode
from packhouse.web.graphql.errors import ErrorCode
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.log_cursors import start_of, write_log_cursor
from packhouse.web.graphql.outcome import body_of, stopped_before_execution, timed_out
from packhouse.web.graphql.presentation import execution_errors, internal_error, request_errors, single_error
from packhouse.web.graphql.requests import GraphQLRequest
from packhouse.web.graphql.streams.broadcast import RECENT_MESSAGES, Broadcast
from packhouse.web.graphql.streams.mailbox import Allowance
from packhouse.web.graphql.streams.message import ClientGone, Message, Send
from packhouse.web.graphql.streams.operation import Follows, Operation, read_operation
from packhouse.web.permissions import Grant

Errors = list[dict[str, Any]]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for what, what they may do, where the results go, and how much of them may wait there.

    `operation` is what the request is to execute, None where that cannot be told.
    """

    request: GraphQLRequest
    by: Initiator
    grant: Grant
    send: Send
    operation: Operation | None = None
    allowance: Allowance = field(default_factory=Allowance)


class Streams:
    """One process's operations and what identical ones share. `make_context` makes an execution's context."""

    def __init__(
        self, schema: GuardedSchema, settings: Settings, make_context: Callable[[Initiator, Grant], Context]
    ) -> None:
        self._schema = schema
        self._settings = settings
        self._make_context = make_context
        self._shared: dict[Hashable, Broadcast] = {}

    @property
    def shared(self) -> int:
        """How many executions are shared at this moment."""
        return len(self._shared)

    def operation(self, request: GraphQLRequest) -> Operation | None:
        """What a request is to execute; None where that cannot be told."""
        return read_operation(self._schema, request, self._settings.graphql)

    async def run(self, asking: Asking, cursor: str | None = None) -> Errors:
        """Execute an operation to its end, sending each result; returns the errors that ended it, none where it is complete.

        `cursor`: where the client stopped, if it says so elsewhere than in `after`.

        Raises:
            ClientGone: by `send`.
        """
        operation = asking.operation
        try:
            if operation is None or operation.follows is None:
                return await self._execute(asking)
            given = cursor if operation.cursor is None else operation.cursor
            return await self._follow(asking, operation, operation.follows, given)
        except ClientGone:
            raise
        except TimeoutError:
            return [timed_out(self._settings)]
        except Exception:
            log.exception("GraphQL operation failed [%s]", asking.by.correlation_id)
            return [internal_error(asking.by.correlation_id)]

    async def _follow(self, asking: Asking, operation: Operation, follows: Follows, cursor: str | None) -> Errors:
        feed = self._make_context(asking.by, asking.grant).live[follows.log]
        try:
            position = await start_of(feed, cursor)
        except GraphQLError as error:
            return execution_errors([error], asking.by.correlation_id)
        key = (operation.key, asking.grant.permissions)
        if cursor is None and follows.begins_with_state:
            errors = await self._execute(asking, Span(position, position, is_first=True))
            if errors:
                return errors
        while True:
            end = await feed.end()
            shared = self._shared.get(key)
            # many come back at once, a little behind: what they missed is executed once for them, too
            if shared is None and position >= end - RECENT_MESSAGES:
                shared = self._open(key, asking, position)
            if shared is not None and shared.covers(position):
                return await self._join(shared, asking, position, follows.log)
            upto = end if shared is None else shared.position
            errors = await self._execute(asking, Span(position, upto))
            if errors:
                return errors
            position = upto

    async def _join(self, shared: Broadcast, asking: Asking, position: int, log_name: str) -> Errors:
        mailbox = await shared.serve(position, asking.send, asking.allowance)
        if not mailbox.has_lagged:
            return mailbox.errors
        self._make_context(asking.by, asking.grant).database.metrics.lagged[log_name,].inc()
        text = "You were too slow, so what waited for you was thrown away: begin again after this cursor"
        return [single_error(ErrorCode.LAGGED, text, cursor=write_log_cursor(log_name, mailbox.after))]

    def _open(self, key: Hashable, asking: Asking, position: int) -> Broadcast:
        by = Initiator(asking.by.actor, asking.by.origin, correlation_id=str(new_id()))

        async def execute(send: Send) -> Errors:
            try:
                return await self._execute(Asking(asking.request, by, asking.grant, send), Span(position))
            except TimeoutError:
                return [timed_out(self._settings)]
            except Exception:
                log.exception("GraphQL subscription failed [%s]", by.correlation_id)
                return [internal_error(by.correlation_id)]

        def forget(broadcast: Broadcast) -> None:
            if self._shared.get(key) is broadcast:
                del self._shared[key]

        opened = Broadcast(position, execute, forget)
        self._shared[key] = opened
        return opened

    async def _execute(self, asking: Asking, span: Span | None = None) -> Errors:
        """Execute by itself; returns the errors that stopped it before it began, or broke its stream."""
        context = self._make_context(asking.by, asking.grant)
        context.span = span
        correlation_id = asking.by.correlation_id
        async with asyncio.timeout(self._settings.graphql.timeout_seconds) as context.deadline:
            results = await self._schema.stream(
                asking.request.query,
                variable_values=asking.request.variables,
                context_value=context,
                operation_name=asking.request.operation_name,
            )
            async with aclosing(results):
                async for result in results:
                    if not isinstance(result, ExecutionResult):
                        return [single_error(ErrorCode.BAD_USER_INPUT, "Incremental delivery is not supported")]
                    if stopped_before_execution(result):
                        # a subscription's variables are looked at after its document
                        return request_errors(result.errors or (), correlation_id, in_variables=context.is_valid)
                    # however long the client takes to read it
                    context.stop_deadline()
                    await asking.send(_message(result, context, correlation_id))
                    context.forget()
        return []


def _message(result: ExecutionResult, context: Context, correlation_id: str) -> Message:
    body = body_of(result, correlation_id)
    place = context.place
    if place is None:
        return Message(encode(body).decode())
    cursor = write_log_cursor(place.log, place.position)
    body["extensions"] = {**(body.get("extensions") or {}), "cursor": cursor}
    return Message(encode(body).decode(), place.position, cursor)
