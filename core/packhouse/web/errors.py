"""Errors of everything that is not GraphQL, as JSON: `{"error": {"code", "message"}}`."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from packhouse.telemetry.brief import brief
from packhouse.web.graphql.answers import encode
from packhouse.web.request_id import request_id

log = logging.getLogger(__name__)


def json_response(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(encode(body), status_code=status, headers=dict(headers or {}), media_type="application/json")


def error_response(
    status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None, **extra: str
) -> Response:
    """An error as JSON; `code` is upper snake case."""
    return json_response({"error": {"code": code, "message": brief(message), **extra}}, status=status, headers=headers)


async def http_error(_: Request, error: Exception) -> Response:
    """The answer to Starlette's own HTTP errors: no such path, no such method."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    log.info("refused %s %s: %s", status.value, status.name, error.detail)
    return error_response(status.value, status.name, error.detail, headers=error.headers)


class LastResort:
    """Middleware that answers 500 to what nobody expected, logged once with the request's id, and tells nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and catch what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception:
            name = request_id(scope)
            log.exception("%s %s failed [%s]", scope["method"], scope["path"], name)
            if started:
                raise
            message = f"Something went wrong on our side. Quote {name} when you report it."
            response = error_response(500, "INTERNAL_SERVER_ERROR", message, correlationId=name)
            await response(scope, receive, send)
