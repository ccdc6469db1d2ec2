"""The implementations of every hook, resolved once, so that calling them costs no look-up.

Hooks are never called through `manager.hook`: there one error discards everybody else's answer, and a coroutine counts
as an answer.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pluggy

from packhouse.hooks.loading import Candidate
from packhouse.hooks.specifications import specifications
from packhouse.sdk.hookspecs import PROJECT, SPECIFICATIONS


@dataclass(frozen=True, slots=True)
class Implementation:
    """One plugin's implementation of one hook; `arguments` are those that it asks for."""

    code: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]

    def call(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401  (each hook has its own answer)
        """Call it with the arguments that it asks for; an asynchronous one returns its coroutine."""
        return self.function(*[values[name] for name in self.arguments])


def resolve(candidates: Iterable[Candidate]) -> Mapping[str, tuple[Implementation, ...]]:
    """Every hook's implementations by its name, in pluggy's order: `tryfirst` first, `trylast` last."""
    manager = pluggy.PluginManager(PROJECT)
    for phase in SPECIFICATIONS:
        manager.add_hookspecs(phase)
    # pluggy calls the last registered first
    for candidate in reversed(list(candidates)):
        manager.register(candidate.plugin, name=candidate.code)
    return MappingProxyType({name: _of(manager, name) for name in specifications()})


def _of(manager: pluggy.PluginManager, hook: str) -> tuple[Implementation, ...]:
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    return tuple(
        Implementation(each.plugin_name, each.function, tuple(each.argnames))
        for each in reversed(caller.get_hookimpls())
    )
