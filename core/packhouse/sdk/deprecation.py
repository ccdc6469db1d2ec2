"""How something of the SDK is taken away: it warns first, names what to use instead, and goes with an API version.

| what | how it is marked |
| --- | --- |
| a function, a method, a class | `@deprecated(...)` |
| a field of a dataclass | taken out, and put back as a property with `@deprecated(...)` below `@property` |
| a hook | `@hookspec(warn_on_impl=warning_of(...))` |
| an argument of a hook | `@hookspec(warn_on_impl_args={"argument": warning_of(...)})` |
| a constant, or a name that moved | an entry of `DEPRECATED_NAMES` in `packhouse.sdk`, and out of `__all__` |
"""

import functools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Thing = TypeVar("Thing", bound=Callable[..., Any])
MARK = "__packhouse_deprecation__"


@dataclass(frozen=True, slots=True)
class Deprecation:
    """What goes: its `name`, the release of Packhouse that began to warn, the API version without it, what to use instead."""

    name: str
    since: str
    removed_in: str
    instead: str

    def __str__(self) -> str:
        return (
            f"{self.name} is deprecated since Packhouse {self.since} and goes with API version {self.removed_in}: "
            f"use {self.instead}"
        )


class SdkDeprecation(DeprecationWarning):
    """A plugin uses something of the SDK that will go; the text says what to use instead."""

    def __init__(self, deprecation: Deprecation) -> None:
        super().__init__(str(deprecation))
        self.deprecation = deprecation


def warning_of(name: str, *, since: str, removed_in: str, instead: str) -> SdkDeprecation:
    """The warning for a hook or an argument of one."""
    return SdkDeprecation(Deprecation(name, since, removed_in, instead))


def deprecated(*, since: str, removed_in: str, instead: str) -> Callable[[Thing], Thing]:
    """Mark a function, a method or a class: each call, each new instance, warns at the caller's line."""

    def mark(thing: Thing) -> Thing:
        warning = warning_of(thing.__qualname__, since=since, removed_in=removed_in, instead=instead)
        if isinstance(thing, type):
            thing.__init__ = _warning_first(thing.__init__, warning)  # type: ignore[misc]  # that is what marking means
            marked: Any = thing
        else:
            marked = _warning_first(thing, warning)
        setattr(marked, MARK, warning.deprecation)
        return marked  # type: ignore[no-any-return]  # the same thing, or one of the same shape

    return mark


def moved(names: Mapping[str, tuple[object, Deprecation]], module: str, name: str) -> object:
    """What a name that goes still stands for, with a warning at the line that imports it.

    Raises:
        AttributeError: no such name goes.
    """
    if name not in names:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    value, deprecation = names[name]
    warnings.warn(SdkDeprecation(deprecation), stacklevel=3)
    return value


def _warning_first(function: Callable[..., Any], warning: SdkDeprecation) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (whatever the function takes and gives)
        warnings.warn(warning, stacklevel=2)
        return function(*args, **kwargs)

    return call
