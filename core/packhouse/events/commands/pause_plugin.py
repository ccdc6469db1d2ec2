"""Pausing deliveries to a plugin by hand, and resuming them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from packhouse.events.pauses import put_pause
from packhouse.events.record import record
from packhouse.events.states import PauseKind
from packhouse.sdk.errors import Refused
from packhouse.sdk.events import EventType
from packhouse.sdk.values import new_id, now
from packhouse.storage import UnitOfWork

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PausePlugin:
    """Whose deliveries are to wait (`webhooks`, or one recipient: `webhooks/shop`), and why."""

    plugin: str
    reason: str = ""


async def pause_plugin(uow: UnitOfWork, data: PausePlugin, known: Collection[str]) -> str:
    """Let a plugin's deliveries wait until they are resumed; what is being delivered at this moment ends. Repeating it is fine.

    Raises:
        Refused: UNKNOWN_PLUGIN: no loaded plugin gets deliveries by this name.
    """
    require_known(data.plugin, known)
    await put_pause(uow, data.plugin, PauseKind.MANUAL, data.reason, at=now(), until=None)
    tell_change(uow, data.plugin, "paused", data.reason)
    return data.plugin


async def resume_plugin(uow: UnitOfWork, plugin: str, known: Collection[str]) -> str:
    """Go on with a plugin's deliveries, whoever paused them.

    Raises:
        Refused: UNKNOWN_PLUGIN; NOT_PAUSED.
    """
    require_known(plugin, known)
    rows = await uow.fetch("DELETE FROM plugin_pause WHERE plugin = $1 RETURNING plugin", plugin)
    if not rows:
        raise Refused("NOT_PAUSED", f"deliveries to plugin {plugin} are not paused", "plugin")
    tell_change(uow, plugin, "resumed")
    return plugin


def tell_change(
    uow: UnitOfWork, plugin: str, change: str, reason: str = "", *, of: Mapping[str, object] = _NOTHING
) -> None:
    """Record that somebody changed a plugin, or its deliveries; `of` says more about it, and never a setting's value."""
    payload = {"plugin": plugin, "change": change, **of}
    record(uow, EventType.PLUGIN_CHANGED, new_id(), reason=reason, payload=payload)


def require_known(plugin: str, known: Collection[str]) -> None:
    """Refuse a name that nobody gets deliveries by.

    Raises:
        Refused: UNKNOWN_PLUGIN.
    """
    if plugin not in known:
        raise Refused(
            "UNKNOWN_PLUGIN",
            f"there is no loaded plugin {plugin} (loaded: {', '.join(sorted(known)) or 'none'})",
            "plugin",
        )
