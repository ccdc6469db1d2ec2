"""What a plugin adds to the host at start-up: its manifest, and objections and facts that its hooks return."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

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
