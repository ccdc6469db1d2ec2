"""What a plugin adds to the host at start-up: its manifest, and objections and facts that its hooks return."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from packhouse.sdk.context import PluginContext
from packhouse.sdk.events import EventType

API_VERSION = "1"
"""The version of the SDK's contract that plugins are written for today."""

ACCEPTED_API_VERSIONS = (API_VERSION,)
"""The versions that this host loads plugins of, oldest first; it has everything that any of them has."""


@dataclass(frozen=True, slots=True)
class PluginManifest:
    """Who a plugin is. `code` is its name in settings and events; `api` the SDK version it was written for.

    `settings` is the pydantic model that its table `[plugins.settings.<code>]` is validated with.
    """

    code: str
    title: str
    version: str
    api: str = API_VERSION
    settings: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom a plugin passes events on to, and who gets deliveries of their own.

    `name` is small letters, digits and hyphens, at most 32; in deliveries it stands behind the plugin's code:
    `webhooks/shop`. `events` None means all that the plugin has hooks for. `retries`: how many seconds to wait after the
    first failed attempt, the second, and so on, given up after the last; empty leaves it to the host.
    """

    name: str
    events: frozenset[EventType] | None = None
    retries: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PluginJob:
    """Work that a plugin does by the clock, once at a time and once a period, however many processes there are.

    `name` is small letters, digits and hyphens, at most 24. `every_seconds` (at least 1) counts from the end of the last run; the first one
    begins at once. A run that takes longer than `timeout_seconds`, or raises, is tried again after the period; one that its process did not live to
    end is begun again by another, so what it does has to be safe to do twice. `context.state` is written at once.
    """

    name: str
    every_seconds: float
    run: Callable[[PluginContext], Awaitable[object]]
    timeout_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class PluginRequest:
    """An HTTP request to a plugin's own address, from somebody with a token. `query` has the last value of each parameter, header names are
    in small letters; the headers `authorization` and `cookie` are left out.
    """

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class PluginAnswer:
    """What a plugin answers: HTTP status, body, and what the body is."""

    body: bytes
    media_type: str = "application/json"
    status: int = 200


@dataclass(frozen=True, slots=True)
class PluginRoute:
    """An address of a plugin's own, `/plugins/<code>/<path>`, for holders of an access token; `path` is small letters, digits, hyphens and
    slashes, `methods` GET, POST or both. Raise `Refused` or `InvalidValue` for requests that cannot be answered.

    The token needs `permission`, a word of `packhouse docs permissions` such as `orders.read`: say what your answer is about. Without
    one, GET needs `plugins.read` and POST `plugins.write`, which also allows to change plugins' settings.
    """

    path: str
    handle: Callable[[PluginRequest, PluginContext], Awaitable[PluginAnswer]]
    methods: tuple[str, ...] = ("GET",)
    permission: str = ""


class Verdict(StrEnum):
    """What an objection asks for: refuse the command, or let it pass and hold the order."""

    REFUSE = "refuse"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Objection:
    """A plugin's no inside a transaction: refuse rolls the command back, hold places a hold with the reason."""

    verdict: Verdict
    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What `gather_order_facts` found out before the transaction: a fraud score, an address check."""

    values: Mapping[str, Any] = field(default_factory=dict)
