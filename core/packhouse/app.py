"""The composition root: puts the application together. Nothing here is kept outside the application it makes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from packhouse.house import House, Parts, Role
from packhouse.settings import Settings, SettingsError
from packhouse.storage.migrate import pending_migrations
from packhouse.telemetry.secrets import Secrets
from packhouse.telemetry.tracing import Tracing
from packhouse.web.errors import LastResort, http_error
from packhouse.web.graphql.endpoint import GraphQLEndpoint
from packhouse.web.graphql.serving import Serving
from packhouse.web.health import health_routes
from packhouse.web.metrics import CountsRequests, metrics_routes
from packhouse.web.request_id import HEADER, RequestIds
from packhouse.web.security_headers import SecurityHeaders
from packhouse.web.stopping import LastAnswers
from packhouse.web.tracing import TracesRequests
from packhouse.web.tracking_page import tracking_route

__all__ = ["House", "Parts", "Role", "create_app"]

_ONE_PROCESS = "an SQLite database is for one process, which does everything: leave --role away, or set database.url to a PostgreSQL"


def create_app(
    settings: Settings,
    plugins: Sequence[object] = (),
    *,
    parts: Parts | None = None,
    role: Role = Role.ALL,
    secrets: Secrets | None = None,
    tracing: Tracing | None = None,
) -> Starlette:
    """The application as ASGI; `app.state.house` is its house. `parts` None means all rooms of Packhouse.

    A worker answers health checks and tells its metrics only. `secrets` are those that the log hides: they learn what the plugins hold. `tracing` None
    means what the settings say.

    Raises:
        BrokenPlugin: a plugin that cannot be loaded, where plugins are strict or it was handed over.
        SettingsError: there is no secret key.
    """
    if parts is None:
        from packhouse.rooms import all_rooms  # noqa: PLC0415  (tests with parts of their own need not load every room)

        parts = all_rooms()
    settings.security.require_secret_key()
    if role is not Role.ALL and settings.database.url.startswith("sqlite"):
        raise SettingsError([_ONE_PROCESS])
    house = House(settings, parts, plugins, role=role, secrets=secrets, tracing=tracing)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with house.running():
            yield

    app = Starlette(
        routes=_routes(house),
        middleware=_middleware(settings, house),
        exception_handlers={HTTPException: http_error},
        lifespan=lifespan,
    )
    app.state.house = house
    app.router.redirect_slashes = False
    return app


def _routes(house: House) -> list[BaseRoute]:
    health: list[BaseRoute] = [*health_routes(partial(_pending, house), house.stopping, house.degradations)]
    told = [*health, *metrics_routes(house.settings.metrics, house.metrics, house.figures)]
    if house.role is Role.WORKER:
        return told
    serving = Serving(
        house.parts.schema, house.settings, house.gate.bearer, house.context, house.streams, house.clients
    )
    endpoint = GraphQLEndpoint(serving)
    return [
        # not Mount, which answers 307 to /graphql
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", endpoint),
        tracking_route(house.settings.security, house.parts.load_tracking_view),
        *told,
        *house.parts.routes(house),
    ]


async def _pending(house: House) -> list[str]:
    return await pending_migrations(house.database)


def _middleware(settings: Settings, house: House) -> list[Middleware]:
    chosen = [
        Middleware(RequestIds),
        Middleware(CountsRequests, house.metrics),
        Middleware(LastAnswers, house.stopping),
        Middleware(SecurityHeaders),
    ]
    if house.tracing.is_on:
        chosen.append(Middleware(TracesRequests, house.tracing))
    if settings.server.allowed_origins:
        chosen.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.server.allowed_origins,
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", "idempotency-key", HEADER],
                expose_headers=[HEADER, "idempotency-replayed"],
            )
        )
    return [*chosen, Middleware(LastResort)]
