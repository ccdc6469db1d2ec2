"""What a plugin does besides hooks and providers: work by the clock, and addresses of its own."""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from packhouse.hooks.errors import BrokenPlugin
from packhouse.hooks.registry import asked
from packhouse.sdk.context import PluginContext
from packhouse.sdk.contributions import PluginJob, PluginRoute
from packhouse.web.permissions import WORDS

JOBS = "register_jobs"
ROUTES = "register_routes"
_JOB = re.compile(r"[a-z0-9][a-z0-9-]{0,23}")
_PATH = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*")
_METHODS = frozenset({"GET", "POST"})
_LONGEST_PATH = 100
T = TypeVar("T", PluginJob, PluginRoute)


def jobs_of(name: str, plugin: object, context: PluginContext) -> tuple[PluginJob, ...]:
    """The work that a plugin does by the clock.

    Raises:
        BrokenPlugin: the hook returned something else than a list of jobs, each with a name of its own and times that can be.
    """
    return _checked(name, JOBS, PluginJob, asked(plugin, JOBS, context), _wrong_with_job, lambda job: [job.name])


def routes_of(name: str, plugin: object, context: PluginContext) -> tuple[PluginRoute, ...]:
    """The addresses of a plugin.

    Raises:
        BrokenPlugin: the hook returned something else than a list of routes, one for each path and method.
    """
    return _checked(
        name,
        ROUTES,
        PluginRoute,
        asked(plugin, ROUTES, context),
        _wrong_with_route,
        lambda route: [(route.path, method) for method in route.methods],
    )


def _checked(
    name: str,
    hook: str,
    kind: type[T],
    given: object,
    wrong_with: Callable[[T], str],
    keys: Callable[[T], Sequence[Hashable]],
) -> tuple[T, ...]:
    if not isinstance(given, Sequence) or not all(isinstance(each, kind) for each in given):
        raise BrokenPlugin(name, f"{hook} returned {type(given).__name__}, expected a list of {kind.__name__}")
    for each in given:
        if wrong := wrong_with(each):
            raise BrokenPlugin(name, f"{hook}: {wrong}")
    seen = [key for each in given for key in keys(each)]
    if len(set(seen)) < len(seen):
        raise BrokenPlugin(name, f"{hook} returned one {kind.__name__} twice")
    return tuple(given)


def _wrong_with_job(job: PluginJob) -> str:
    if not _JOB.fullmatch(job.name):
        return f"the name {job.name!r} is not small letters, digits and - (at most 24)"
    if not job.every_seconds >= 1:
        return f"{job.name} runs every {job.every_seconds} s, and every second is the most that is done"
    if not job.timeout_seconds > 0:
        return f"{job.name} has no time to run: timeout_seconds is {job.timeout_seconds}"
    return ""


def _wrong_with_route(route: PluginRoute) -> str:
    if len(route.path) > _LONGEST_PATH or not _PATH.fullmatch(route.path):
        return f"the path {route.path!r} is not small letters, digits, - and / between them (at most {_LONGEST_PATH})"
    unknown = set(route.methods) - _METHODS
    if unknown or not route.methods:
        return f"{route.path} takes {', '.join(sorted(unknown)) or 'nothing'}, expected GET, POST or both"
    if route.permission and route.permission not in WORDS:
        return f"{route.path} needs {route.permission!r}, which is no permission: packhouse docs permissions names them"
    return ""
