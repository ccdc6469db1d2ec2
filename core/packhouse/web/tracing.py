"""A span for each HTTP request, inside the caller's where it names one (W3C Trace Context)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from packhouse.telemetry.tracing import TRACEPARENT, Span, Tracing
from packhouse.web.request_id import request_id

_HEADER = TRACEPARENT.encode()
_SERVER_ERROR = 500
_HEALTH = "/health/"


class TracesRequests:
    """Middleware that is there only where tracing is on. Health checks are not traced."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["path"].startswith(_HEALTH):
            await self._app(scope, receive, send)
            return
        parent = next((value.decode("latin-1") for key, value in scope["headers"] if key == _HEADER), "")
        with self._tracing.span(
            "request",
            "server",
            parent=parent,
            http_request_method=scope["method"],
            packhouse_correlation=request_id(scope),
        ) as span:

            async def send_traced(message: Message) -> None:
                if message["type"] == "http.response.start":
                    _answered(span, scope, message["status"])
                await send(message)

            await self._app(scope, receive, send_traced)


def _answered(span: Span, scope: Scope, status: int) -> None:
    # the route, not the path: a customer's link is a secret
    route = getattr(scope.get("route"), "path", "none")
    span.say(http_route=route, http_response_status__code=status)
    if status >= _SERVER_ERROR:
        span.fail(str(status))
