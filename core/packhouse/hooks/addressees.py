"""Who gets which events: every plugin that has a hook for them, or each of the recipients that it registered."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from packhouse.hooks.context import HostContext
from packhouse.hooks.implementations import Implementation
from packhouse.hooks.loading import Candidate
from packhouse.sdk.events import EventType

EVERY_EVENT = "event_recorded"

_Wanted = tuple[HostContext, frozenset[EventType] | None]


class Addressees:
    """By address, which is a plugin's code or `plugin/recipient`.

    `contexts`: what each gets as its context. `listeners`: for each event type those who want it. `hooks`: what is called for
    an address and an event type.
    """

    def __init__(self, candidates: Iterable[Candidate], hooks: Mapping[str, tuple[Implementation, ...]]) -> None:
        candidates = list(candidates)
        wanted = {address: each for candidate in candidates for address, each in _addresses(candidate)}
        self.contexts = {address: context for address, (context, _) in wanted.items()}
        self._retries = {
            f"{candidate.code}/{each.name}": each.retries
            for candidate in candidates
            for each in candidate.recipients or ()
        }
        self.hooks = {
            (address, event_type): implementations
            for event_type in EventType
            for address, (context, events) in wanted.items()
            if (events is None or event_type in events)
            and (implementations := _wanting(hooks, context.code, event_type))
        }
        self._wants = {
            subject: {key for key, called in self.hooks.items() if any(subject in each.arguments for each in called)}
            for subject in ("order", "customer", "context")
        }
        self.listeners: Mapping[EventType, tuple[str, ...]] = MappingProxyType(
            {
                event_type: tuple(address for address in wanted if (address, event_type) in self.hooks)
                for event_type in EventType
            }
        )

    def wants(self, subject: str, address: str, event_type: EventType) -> bool:
        """Whether hooks for an event ask for what costs something to make: the "order", the "customer", the "context"."""
        return (address, event_type) in self._wants[subject]

    def retries(self, address: str) -> Sequence[float]:
        """How many seconds a recipient waits after each failed attempt; empty for the host's own way."""
        return self._retries.get(address, ())

    def of(self, code: str) -> tuple[str, ...]:
        """The addresses of one plugin."""
        return tuple(address for address, context in self.contexts.items() if context.code == code)


def _addresses(candidate: Candidate) -> list[tuple[str, _Wanted]]:
    """Where events for a plugin go: to itself, or to each of its recipients; with the types that are wanted (None: all)."""
    if candidate.recipients is None:
        return [(candidate.code, (candidate.context, None))]
    return [
        (f"{candidate.code}/{each.name}", (candidate.context.for_recipient(each.name), each.events))
        for each in candidate.recipients
    ]


def _wanting(
    hooks: Mapping[str, tuple[Implementation, ...]], code: str, event_type: EventType
) -> tuple[Implementation, ...]:
    return tuple(each for each in (*hooks[event_type.value], *hooks[EVERY_EVENT]) if each.code == code)
