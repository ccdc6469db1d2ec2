"""Providers: doing a thing with somebody outside. Small capability Protocols, looked up by the provider's code.

A provider implements only what it can do; the host asks with `isinstance(provider, BuysLabels)`. Every call that has an
effect carries an `idempotency_key` that stays the same over retries. Failures are the `ProviderError`s of
`packhouse.sdk.errors`; anything else counts as "in doubt" for calls with an effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@runtime_checkable
class Provider(Protocol):
    """Anything that a plugin registers under a code. `title` is for people."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Providers:
    """Every registered provider by kind and code; `find` functions of the host read it."""

    channels: Mapping[str, Provider] = field(default_factory=dict)
    carriers: Mapping[str, Provider] = field(default_factory=dict)
    networks: Mapping[str, Provider] = field(default_factory=dict)
    payments: Mapping[str, Provider] = field(default_factory=dict)
    reviews: Mapping[str, Provider] = field(default_factory=dict)
