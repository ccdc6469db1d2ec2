"""GET /health/live: the process answers. GET /health/ready: it can work, because its database does, and is not stopping.

NATS is only told about: without it everything works, a little later.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from packhouse.web.errors import json_response
from packhouse.web.stopping import Stopping

_SECONDS = 5.0
_NOT_CACHED = {"cache-control": "no-store"}
log = logging.getLogger(__name__)


def health_routes(
    check_database: Callable[[], Awaitable[list[str]]],
    stopping: Stopping,
    degradations: Callable[[], list[str]] = list,
) -> list[Route]:
    """Both routes.

    `check_database` gives the names of migrations that are missing, and raises if it cannot be reached; `degradations` says
    what is slower than it should be.
    """

    async def live(_: Request) -> Response:
        return json_response({"status": "ok"}, headers=_NOT_CACHED)

    async def ready(_: Request) -> Response:
        if stopping.is_announced:
            return _not_ready("this process is stopping")
        try:
            async with asyncio.timeout(_SECONDS):
                missing = await check_database()
        except Exception as error:  # noqa: BLE001  (whatever a driver raises means: not ready)
            log.warning("Not ready: the database does not answer: %s", type(error).__name__)
            return _not_ready("the database does not answer")
        if missing:
            return _not_ready(f"migrations are missing: {', '.join(missing)}; run packhouse db migrate")
        degraded = degradations()
        if degraded:
            return json_response({"status": "degraded", "reasons": degraded}, headers=_NOT_CACHED)
        return json_response({"status": "ok"}, headers=_NOT_CACHED)

    return [Route("/health/live", live, methods=["GET"]), Route("/health/ready", ready, methods=["GET"])]


def _not_ready(reason: str) -> Response:
    return json_response({"status": "not ready", "reason": reason}, status=503, headers=_NOT_CACHED)
