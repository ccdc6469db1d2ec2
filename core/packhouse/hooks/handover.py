"""One attempt to hand an event to a plugin, with what the plugin leaves behind in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from packhouse.sdk.values import fact_id

Changes = Mapping[str, str | None]
"""Values as JSON by key; None where the key is forgotten."""


@dataclass(slots=True)
class Handover:
    """An attempt for one plugin or recipient (`plugin`).

    `earlier` are changes of deliveries before it in the same run, which are written down together with its own `changes`. Once
    it `is_over` nothing more can be changed: it is written down, or dropped. `answer` is what the plugin told about it.
    """

    plugin: str
    event_id: UUID
    earlier: Changes = field(default_factory=dict)
    changes: dict[str, str | None] = field(default_factory=dict)
    is_over: bool = False
    answer: str = ""

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt and replay of this event for this plugin or recipient."""
        return idempotency_key(self.plugin, self.event_id)


def idempotency_key(plugin: str, event_id: UUID) -> str:
    """What a plugin sends along with what it does about an event, so that others know a repeat."""
    return str(fact_id("delivery", plugin, event_id))
