"""The door to plugins' own addresses, `/plugins/<code>/<path>`: for holders of an access token, bounded in size and time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from packhouse.hooks import PluginHost
from packhouse.hooks.implementations import Implementation
from packhouse.hooks.in_time import finish_in_time
from packhouse.hooks.loading import Candidate
from packhouse.sdk import InvalidValue, PluginAnswer, PluginRequest, ProviderError, Refused
from packhouse.sdk.contributions import PluginRoute
from packhouse.settings import Settings
from packhouse.web.body import BodyRefused, read_body
from packhouse.web.door import Authenticate, TurnedAway, require, sender_of
from packhouse.web.errors import error_response
from packhouse.web.permissions import Area

_METHODS = ("GET", "POST")
_WITHHELD = frozenset({"authorization", "cookie"})
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PluginDoor:
    """`host` gives the plugins in use, `authenticate` whoever is behind an Authorization header."""

    settings: Settings
    host: Callable[[], PluginHost]
    authenticate: Authenticate

    def routes(self) -> list[Route]:
        """The route that leads to all of them."""
        return [Route("/plugins/{code}/{path:path}", self.answer, methods=list(_METHODS))]

    async def answer(self, request: Request) -> Response:
        """What the plugin answers; 401 or 403 without a token that allows it, whether there is such an address or not."""
        code, path = request.path_params["code"], request.path_params["path"]
        method = "GET" if request.method == "HEAD" else request.method
        plugin = self.host().candidates.get(code)
        routes = [] if plugin is None else [each for each in plugin.routes if each.path == path]
        route = next((each for each in routes if method in each.methods), None)
        try:
            require(await sender_of(request, self.authenticate), _needed(route, method))
        except TurnedAway as turned_away:
            return turned_away.response
        if plugin is None or not routes or not self.host().is_ready(code):
            return error_response(404, "NOT_FOUND", "no plugin that is in use has this address")
        if route is None:
            allowed = ", ".join(sorted(name for each in routes for name in each.methods))
            return error_response(405, "METHOD_NOT_ALLOWED", f"use {allowed}", headers={"allow": allowed})
        try:
            body = await read_body(request, self.settings.server.max_body_bytes)
        except BodyRefused as refused:
            return error_response(refused.status, "BODY_TOO_LARGE", refused.message)
        return await self._ask(plugin, route, _as_plugins_see_it(request, body))

    async def _ask(self, plugin: Candidate, route: PluginRoute, request: PluginRequest) -> Response:
        work = Implementation(plugin.code, route.handle, ("request", "context"))
        try:
            answer = await finish_in_time(
                work.call({"request": request, "context": plugin.context}),
                self.settings.events.hook_timeout_seconds,
                f"{plugin.code} {route.path}",
            )
        except Refused as refused:
            return error_response(422, refused.code, refused.message, field=refused.field or "")
        except InvalidValue as wrong:
            return error_response(422, "INVALID_VALUE", wrong.message, field=wrong.field)
        except (TimeoutError, ProviderError) as error:
            log.warning("Plugin %s did not answer %s: %s", plugin.code, route.path, error)
            return error_response(502, "PLUGIN_UNAVAILABLE", "the plugin got no answer; the log says more")
        except Exception:
            log.exception("Plugin %s failed in %s", plugin.code, route.path)
            return error_response(500, "PLUGIN_FAILED", "the plugin failed; the log says why")
        if not isinstance(answer, PluginAnswer):
            log.error(
                "Plugin %s answered %s with %s, expected PluginAnswer", plugin.code, route.path, type(answer).__name__
            )
            return error_response(500, "PLUGIN_FAILED", "the plugin failed; the log says why")
        return Response(answer.body, status_code=answer.status, media_type=answer.media_type)


def _needed(route: PluginRoute | None, method: str) -> str:
    """What a request needs: what the plugin says, else what changing or reading plugins does, since plugins may read everything."""
    if route is not None and route.permission:
        return route.permission
    return Area.PLUGINS.write if method == "POST" else Area.PLUGINS.read


def _as_plugins_see_it(request: Request, body: bytes) -> PluginRequest:
    headers = {name: value for name, value in request.headers.items() if name not in _WITHHELD}
    return PluginRequest(request.method, dict(request.query_params), headers, body)
