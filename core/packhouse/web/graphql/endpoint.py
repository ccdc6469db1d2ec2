"""GraphQL over HTTP (draft of the GraphQL over HTTP specification, 2026), Server-Sent Events and WebSocket, at one address.

It does not use Strawberry's own view: that one negotiates by substring, answers 200 to documents it could not execute and
500 to bodies that are not objects. Executing is Strawberry's.
"""

import asyncio
import logging
from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from packhouse.storage import Initiator
from packhouse.web.authentication import Bearer
from packhouse.web.body import BodyRefused
from packhouse.web.graphql.answers import GRAPHQL_JSON, JSON, answer, refusal
from packhouse.web.graphql.errors import ErrorCode
from packhouse.web.graphql.event_stream import EVENT_STREAM, LAST_EVENT_ID, EventStream
from packhouse.web.graphql.graphiql import GRAPHIQL_POLICY, graphiql_page
from packhouse.web.graphql.keyed import answer_once
from packhouse.web.graphql.outcome import answer_of, timed_out
from packhouse.web.graphql.presentation import internal_error
from packhouse.web.graphql.requests import GraphQLRequest, read_request
from packhouse.web.graphql.serving import Serving
from packhouse.web.graphql.socket import Socket
from packhouse.web.graphql.streams.operation import Operation
from packhouse.web.negotiation import choose_media_type, names_media_type
from packhouse.web.permissions import Grant
from packhouse.web.request_id import request_id

log = logging.getLogger(__name__)

_BY_METHOD = {
    "GET": frozenset({OperationType.QUERY}),
    "POST": frozenset({OperationType.QUERY, OperationType.MUTATION}),
}


class GraphQLEndpoint:
    """An ASGI application for /graphql, as the endpoint of a Route and of a WebSocketRoute."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one socket until it closes."""
        if scope["type"] == "websocket":
            await Socket(WebSocket(scope, receive, send), send, self._serving).serve()
            return
        try:
            response = await self._respond(Request(scope, receive))
        except TimeoutError:
            response = answer({"errors": [timed_out(self._serving.settings)]}, JSON, status=503)
        except Exception:  # whoever the caller is, GraphQL's clients read GraphQL's errors
            name = request_id(scope)
            log.exception("GraphQL request failed [%s]", name)
            response = answer({"errors": [internal_error(name)]}, JSON, status=500)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> ASGIApp:
        if request.method not in _BY_METHOD:
            return refusal(405, ErrorCode.BAD_USER_INPUT, "Use GET or POST", headers={"allow": "GET, POST"})
        if self._wants_page(request):
            return HTMLResponse(graphiql_page(), headers={"content-security-policy": GRAPHIQL_POLICY})
        accept = request.headers.get("accept")
        media_type = choose_media_type(accept, (JSON, GRAPHQL_JSON))
        takes_stream = names_media_type(accept, EVENT_STREAM)
        if media_type is None and not takes_stream:
            return refusal(406, ErrorCode.BAD_USER_INPUT, f"Answers are {GRAPHQL_JSON} or {JSON}")
        async with asyncio.timeout(self._serving.settings.graphql.timeout_seconds):
            bearer = await self._serving.authenticate(request.headers.get("authorization"))
        if bearer is None:
            return _unauthenticated(media_type or JSON)
        try:
            asked = await read_request(request, self._serving.settings.server.max_body_bytes)
        except BodyRefused as refused:
            return refusal(refused.status, ErrorCode.BAD_USER_INPUT, refused.message, media_type or JSON)
        by = Initiator(bearer.actor, "api", correlation_id=request_id(request.scope))
        if takes_stream:
            operation = self._serving.streams.operation(asked)
            # anything but a subscription only for a client that takes nothing else
            if media_type is None or (operation is not None and operation.is_subscription):
                return self._stream(request, asked, operation, by, bearer)
        key = request.headers.get("idempotency-key")
        if key is None or request.method == "GET":
            return await self._execute(asked, by, bearer.grant, request.method, media_type or JSON)
        execute = partial(self._execute, grant=bearer.grant, method="POST")
        return await answer_once(self._serving, key, asked, by, bearer.grant, media_type or JSON, execute)

    def _stream(
        self, request: Request, asked: GraphQLRequest, operation: Operation | None, by: Initiator, bearer: Bearer
    ) -> ASGIApp:
        if operation is not None and operation.kind is OperationType.MUTATION:
            if request.method == "GET":
                return _wrong_operation(operation.kind, JSON)
            if "idempotency-key" in request.headers:
                message = f"What was done with an Idempotency-Key is answered in JSON: accept {GRAPHQL_JSON} or {JSON}"
                return refusal(406, ErrorCode.BAD_USER_INPUT, message)
        return EventStream(self._serving, asked, operation, by, bearer, request.headers.get(LAST_EVENT_ID))

    def _wants_page(self, request: Request) -> bool:
        if not self._serving.settings.server.graphiql or request.method != "GET" or "query" in request.query_params:
            return False
        return choose_media_type(request.headers.get("accept"), (JSON, GRAPHQL_JSON, "text/html")) == "text/html"

    async def _execute(
        self, asked: GraphQLRequest, by: Initiator, grant: Grant, method: str, media_type: str
    ) -> Response:
        context = self._serving.make_context(by, grant)
        try:
            async with asyncio.timeout(self._serving.settings.graphql.timeout_seconds) as context.deadline:
                result = await self._serving.schema.execute(
                    asked.query,
                    variable_values=asked.variables,
                    context_value=context,
                    operation_name=asked.operation_name,
                    allowed_operation_types=_BY_METHOD[method],
                )
        except InvalidOperationTypeError as error:
            return _wrong_operation(error.operation_type, media_type)
        except CannotGetOperationTypeError as error:
            message = error.as_http_error_reason()
            return refusal(400, ErrorCode.BAD_USER_INPUT, message, media_type)
        except TimeoutError:
            return answer({"errors": [timed_out(self._serving.settings)]}, media_type, status=503)
        return answer_of(result, by.correlation_id, media_type)


def _wrong_operation(kind: OperationType, media_type: str) -> Response:
    if kind is OperationType.SUBSCRIPTION:
        message = (
            "Subscriptions are streamed: connect to this address by WebSocket with the sub-protocol graphql-transport-ws, "
            f"or send Accept: {EVENT_STREAM}"
        )
        return refusal(400, ErrorCode.BAD_USER_INPUT, message, media_type)
    message = "Mutations need POST"
    return refusal(405, ErrorCode.BAD_USER_INPUT, message, media_type, headers={"allow": "POST"})


def _unauthenticated(media_type: str) -> Response:
    message = "Send a valid access token: Authorization: Bearer ph_... (packhouse token create NAME makes one)"
    headers = {"www-authenticate": 'Bearer realm="packhouse"'}
    return refusal(401, ErrorCode.UNAUTHENTICATED, message, media_type, headers=headers)
