"""Answering a request with an idempotency key: once, and the same answer again.

Kept is every answer of a mutation that was executed, refusals too. Not kept are answers that say nothing final (an error of
ours, a time-out): the request may be sent again with its key, and what it has done is not done again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import orjson
from graphql import GraphQLError, parse, specified_rules
from starlette.responses import Response
from strawberry.types.execution import PreExecutionError

from packhouse.storage import Database, Initiator, KeyedRequest
from packhouse.web.graphql.answers import refusal
from packhouse.web.graphql.errors import ErrorCode
from packhouse.web.graphql.known_documents import ValidDocument
from packhouse.web.graphql.outcome import answer_of
from packhouse.web.graphql.requests import GraphQLRequest
from packhouse.web.graphql.serving import Serving
from packhouse.web.idempotency import (
    Claim,
    KeptAnswer,
    KeyRefused,
    checked_key,
    claim_request,
    digest_of,
    forget_request,
    give_back,
    keep_answer,
)
from packhouse.web.permissions import Grant

log = logging.getLogger(__name__)

Execute = Callable[..., Awaitable[Response]]
"""Called with `asked`, `by` and `media_type`."""

_CONFLICT = 409
_NOT_FINAL = {ErrorCode.INTERNAL_SERVER_ERROR.value, ErrorCode.TIMEOUT.value}
# what writing down the end may take, before others may think that this process died
_MARGIN_SECONDS = 5.0


async def answer_once(
    serving: Serving, key: str, asked: GraphQLRequest, by: Initiator, grant: Grant, media_type: str, execute: Execute
) -> Response:
    """The answer to a keyed request: executed now, or as it was the first time (with `Idempotency-Replayed: true`).

    Keys are the actor's own. One that may do less by now is not shown what it was answered when it might do more.

    Raises:
        TimeoutError: the database did not say in time whether the key is free: nothing was executed.
    """
    database = serving.make_context(by, grant).database
    settings = serving.settings
    try:
        async with asyncio.timeout(settings.graphql.timeout_seconds):
            claim = await claim_request(
                database,
                by.actor,
                checked_key(key),
                digest_of(asked.query, asked.variables, asked.operation_name),
                seconds=settings.graphql.timeout_seconds + _MARGIN_SECONDS,
                keep_hours=settings.server.idempotency_hours,
            )
    except KeyRefused as refused:
        return _refusal(refused, media_type)
    if isinstance(claim, KeptAnswer):
        errors = forbidden_now(serving, asked, grant)
        if errors:
            return answer_of(PreExecutionError(data=None, errors=errors), by.correlation_id, media_type)
        headers = {"cache-control": "no-store", "idempotency-replayed": "true"}
        return Response(claim.body, headers=headers, media_type=f"{media_type}; charset=utf-8")
    request = KeyedRequest(claim.id)
    try:
        response = await execute(asked=asked, by=replace(by, request=request), media_type=media_type)
    except BaseException:
        await give_back(database, claim)
        raise
    try:
        async with asyncio.timeout(_MARGIN_SECONDS):
            await _end(database, claim, request, response)
    except Exception as error:
        # it is done, and remembered with its changes: whoever asks again gets the same answer a little later
        trace = None if isinstance(error, TimeoutError) else error
        log.error("The answer to request %s could not be kept [%s]", claim.id, by.correlation_id, exc_info=trace)  # noqa: TRY400
    return response


def forbidden_now(serving: Serving, asked: GraphQLRequest, grant: Grant) -> list[GraphQLError]:
    """What keeps a request that was executed before from being executed for somebody now: an update may have changed the schema since."""
    if grant.permissions.is_all:
        return []
    limits = serving.settings.graphql
    known = serving.schema.documents.find(asked.query, limits)
    if known is None:
        document = parse(asked.query, max_tokens=limits.max_tokens)
        errors = serving.schema.invalid(document, tuple(specified_rules))
        if errors:
            return errors
        known = ValidDocument(document)
    return serving.schema.forbidden(known, asked.operation_name, grant.permissions)


async def _end(database: Database, claim: Claim, request: KeyedRequest, response: Response) -> None:
    body = orjson.loads(response.body)
    codes = {error.get("extensions", {}).get("code") for error in body.get("errors") or ()}
    if codes & _NOT_FINAL:
        await give_back(database, claim)
    elif request.changes and "data" in body:
        await keep_answer(database, claim, bytes(response.body).decode())
    else:
        await forget_request(database, claim)


def _refusal(refused: KeyRefused, media_type: str) -> Response:
    code = ErrorCode.CONFLICT if refused.status == _CONFLICT else ErrorCode.BAD_USER_INPUT
    headers = {"retry-after": "1"} if refused.status == _CONFLICT else {}
    return refusal(refused.status, code, refused.message, media_type, headers=headers)
