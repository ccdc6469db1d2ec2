"""Watches the HTTP requests that plugins make over the house's session."""

from collections.abc import Collection
from types import SimpleNamespace

import aiohttp

from packhouse.telemetry.bound import bound_names
from packhouse.telemetry.metrics import Metrics, Stopwatch
from packhouse.telemetry.tracing import TRACEPARENT, Tracing

_FAILED = 400


def watching(metrics: Metrics, tracing: Tracing, tell: Collection[str] = ()) -> aiohttp.TraceConfig:
    """Counts requests by who makes them and how they end, and makes a span of each.

    Only the hosts in `tell` are told the span's id (the header traceparent): a vendor has no use for ids of ours. Neither
    path nor query is in a span: both may hold what is a secret or somebody's.
    """
    config = aiohttp.TraceConfig()

    async def start(_: aiohttp.ClientSession, about: SimpleNamespace, params: aiohttp.TraceRequestStartParams) -> None:
        about.watch, about.caller = Stopwatch(), caller_name()
        about.span = tracing.begin(
            f"HTTP {params.method}",
            "client",
            http_request_method=params.method,
            server_address=params.url.host,
            server_port=params.url.port,
            packhouse_caller=about.caller,
        )
        if params.url.host in tell and about.span.traceparent:
            params.headers[TRACEPARENT] = about.span.traceparent

    async def redirect(_: object, __: SimpleNamespace, params: aiohttp.TraceRequestRedirectParams) -> None:
        params.headers.pop(TRACEPARENT, None)

    async def end(_: object, about: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
        status = params.response.status
        _count(metrics, about, f"{status // 100}xx")
        about.span.say(http_response_status__code=status)
        if status >= _FAILED:
            about.span.fail(str(status))
        about.span.end()

    async def fail(_: object, about: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams) -> None:
        _count(metrics, about, "failed")
        about.span.fail(type(params.exception).__name__)
        about.span.end()

    config.on_request_start.append(start)
    config.on_request_redirect.append(redirect)
    config.on_request_end.append(end)
    config.on_request_exception.append(fail)
    return config


def _count(metrics: Metrics, about: SimpleNamespace, outcome: str) -> None:
    metrics.outgoing[about.caller, outcome].inc()
    metrics.outgoing_seconds[about.caller,].observe(about.watch.seconds)


def caller_name() -> str:
    """Who makes requests in this task: a plugin, a provider or a job; their names are few."""
    names = bound_names()
    return str(names.get("plugin") or names.get("provider") or names.get("job") or "other")
