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
_SILENT = "the database does not answer"
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
    is_told = False

    async def asked() -> list[str] | None:
        """None where there is no answer; that is told once, until there is one."""
        nonlocal is_told
        try:
            missing = await _in_time(check_database)
        except Exception as error:  # noqa: BLE001  (whatever a driver raises means: not ready)
            if not is_told:
                log.warning("Not ready: %s: %s", _SILENT, type(error).__name__)
            is_told = True
            return None
        is_told = False
        return missing

    async def live(_: Request) -> Response:
        return json_response({"status": "ok"}, headers=_NOT_CACHED)

    async def ready(_: Request) -> Response:
        if stopping.is_announced:
            return _not_ready("this process is stopping")
        missing = await asked()
        if missing is None:
            return _not_ready(_SILENT)
        if missing:
            return _not_ready(f"migrations are missing: {', '.join(missing)}; run packhouse db migrate")
        degraded = degradations()
        if degraded:
            return json_response({"status": "degraded", "reasons": degraded}, headers=_NOT_CACHED)
        return json_response({"status": "ok"}, headers=_NOT_CACHED)

    return [Route("/health/live", live, methods=["GET"]), Route("/health/ready", ready, methods=["GET"])]


async def _in_time(check: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """What a check says; whoever asks is answered in time, though the check may need longer to be broken off."""
    checking = asyncio.ensure_future(check())
    done, _ = await asyncio.wait({checking}, timeout=_SECONDS)
    if not done:
        checking.cancel()
        checking.add_done_callback(_heard)
        raise TimeoutError
    return checking.result()


def _heard(checking: asyncio.Future[list[str]]) -> None:
    if not checking.cancelled():
        checking.exception()


def _not_ready(reason: str) -> Response:
    return json_response({"status": "not ready", "reason": reason}, status=503, headers=_NOT_CACHED)
