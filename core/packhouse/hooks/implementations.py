"""The implementations of every hook, resolved once, so that calling them costs no look-up.

Hooks are never called through `manager.hook`: there one error discards everybody else's answer, and a coroutine counts
as an answer.
"""

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import pluggy

from packhouse.hooks.errors import HookFailed
from packhouse.hooks.specifications import specifications
from packhouse.sdk.hookspecs import PROJECT, SPECIFICATIONS

_EXIT = "it called sys.exit, and a plugin cannot end the server"


@dataclass(frozen=True, slots=True)
class Implementation:
    """One plugin's implementation of one hook; `arguments` are those that it asks for."""

    code: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]

    def call(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401  (each hook has its own answer)
        """Call it with the arguments that it asks for; an asynchronous one returns its coroutine.

        Raises:
            HookFailed: it tried to end the process, was cancelled by nobody but itself, or raised what is no Exception (the panic
                of a library in another language).
            whatever else it raises.
        """
        try:
            answer = self.function(*[values[name] for name in self.arguments])
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise HookFailed(_why(error)) from error
        return _guarded(answer) if inspect.iscoroutine(answer) else answer


async def _guarded(work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  (each hook has its own answer)
    try:
        return await work
    except (Exception, KeyboardInterrupt, GeneratorExit):
        raise
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # nobody interrupted it: passed on, it would look as if the host had
        raise HookFailed("it waited for something that was cancelled") from None
    except BaseException as error:
        # in a task it would end the event loop, and the server with it, or whoever looks after the plugin's deliveries
        raise HookFailed(_why(error)) from error


def _why(error: BaseException) -> str:
    return _EXIT if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"


def implementation_of(code: str, plugin: object, hook: str) -> Implementation:
    """A plugin's implementation of a hook that it is known to have."""
    function = getattr(plugin, hook)
    return Implementation(code, function, tuple(inspect.signature(function).parameters))


class Plugged(Protocol):
    """A plugin with its code."""

    @property
    def code(self) -> str:
        """Its name in settings and events."""

    @property
    def plugin(self) -> object:
        """What implements the hooks."""


def resolve(candidates: Iterable[Plugged]) -> Mapping[str, tuple[Implementation, ...]]:
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
