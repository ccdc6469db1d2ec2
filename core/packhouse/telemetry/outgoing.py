"""Watches the HTTP requests that plugins make over the house's session."""

from types import SimpleNamespace

import aiohttp

from packhouse.telemetry.bound import bound_names
from packhouse.telemetry.metrics import Metrics, Stopwatch


def watching(metrics: Metrics) -> aiohttp.TraceConfig:
    """Counts requests by who makes them (the plugin, provider or job that the task is about) and how they end."""
    config = aiohttp.TraceConfig()

    async def start(_: aiohttp.ClientSession, about: SimpleNamespace, __: aiohttp.TraceRequestStartParams) -> None:
        about.watch = Stopwatch()

    async def end(_: aiohttp.ClientSession, about: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
        _count(metrics, about.watch, f"{params.response.status // 100}xx")

    async def fail(_: aiohttp.ClientSession, about: SimpleNamespace, __: aiohttp.TraceRequestExceptionParams) -> None:
        _count(metrics, about.watch, "failed")

    config.on_request_start.append(start)
    config.on_request_end.append(end)
    config.on_request_exception.append(fail)
    return config


def _count(metrics: Metrics, watch: Stopwatch, outcome: str) -> None:
    caller = caller_name()
    metrics.outgoing.labels(caller, outcome).inc()
    metrics.outgoing_seconds.labels(caller).observe(watch.seconds)


def caller_name() -> str:
    """Who makes requests in this task: a plugin, a provider or a job; their names are few."""
    names = bound_names()
    return str(names.get("plugin") or names.get("provider") or names.get("job") or "other")
