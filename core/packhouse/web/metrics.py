"""GET /metrics, for whoever shows the token of `metrics.token`; without one it is not there."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from packhouse.settings import MetricsSettings
from packhouse.telemetry.metrics import CONTENT_TYPE, Figure, Metrics, Stopwatch
from packhouse.web.errors import error_response

LookUp = Callable[[], Awaitable[Sequence[Figure]]]

_SECONDS = 5.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
log = logging.getLogger(__name__)


class Figures:
    """Looks up what the database knows, at most once in `keep_seconds`, so that asking often costs nothing."""

    def __init__(self, metrics: Metrics, look_up: LookUp, *, keep_seconds: float) -> None:
        self._metrics = metrics
        self._look_up = look_up
        self._keep_seconds = keep_seconds
        self._looking = asyncio.Lock()
        self._age: Stopwatch | None = None
        self._is_up = True

    async def refresh(self) -> None:
        """Look again if what is known is too old; where the database does not answer, say that instead."""
        async with self._looking:
            if self._age is not None and self._age.seconds < self._keep_seconds:
                return
            self._metrics.note(await self._found())
            self._age = Stopwatch()

    async def _found(self) -> Sequence[Figure]:
        try:
            async with asyncio.timeout(_SECONDS):
                figures = await self._look_up()
        except Exception as error:  # noqa: BLE001  (whatever a driver raises: the process's own figures are still shown)
            if self._is_up:
                log.warning("The database's figures could not be looked up: %s", type(error).__name__)
            self._is_up = False
            return [_answers(0)]
        self._is_up = True
        return [*figures, _answers(1)]


def _answers(value: float) -> Figure:
    return Figure("database_up", "Whether the database answered when its figures were looked up", (), [((), value)])


def metrics_routes(settings: MetricsSettings, metrics: Metrics, look_up: LookUp) -> list[Route]:
    """The route, where there is a token."""
    if not settings.token:
        return []
    expected = f"Bearer {settings.token.get_secret_value()}".encode()
    figures = Figures(metrics, look_up, keep_seconds=settings.keep_seconds)

    async def show(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if not secrets.compare_digest(given, expected):
            log.info("refused 401 UNAUTHENTICATED: the metrics' token is missing or wrong")
            headers = {"www-authenticate": 'Bearer realm="packhouse metrics"'}
            return error_response(401, "UNAUTHENTICATED", "Send the token of metrics.token", headers=headers)
        await figures.refresh()
        return Response(metrics.text(), headers={"cache-control": "no-store", "content-type": CONTENT_TYPE})

    return [Route("/metrics", show, methods=["GET"])]


class CountsRequests:
    """Middleware that counts HTTP requests by the route that took them, and how long their answers took to begin."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        watch = Stopwatch()

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, message["status"], watch.seconds)
            await send(message)

        await self._app(scope, receive, send_counted)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.http_requests[route, method, str(status)].inc()
        self._metrics.http_request_seconds[route,].observe(seconds)
