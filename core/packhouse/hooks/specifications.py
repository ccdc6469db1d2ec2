"""The contract read from `packhouse.sdk.hookspecs`: name, phase, colour and arguments of every hook."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from packhouse.sdk.hookspecs import PROJECT, SPECIFICATIONS


@dataclass(frozen=True, slots=True)
class Specification:
    """One hook. `phase` is the class it stands in (StartUp, Decide, …); `arguments` leave out `self`."""

    name: str
    phase: str
    is_async: bool
    arguments: tuple[str, ...]
    function: Callable[..., Any]


@cache
def specifications() -> Mapping[str, Specification]:
    """Every hook by name, in the order of the contract."""
    return MappingProxyType({each.name: each for phase in SPECIFICATIONS for each in _of(phase)})


def hooks_of(phase: type) -> tuple[str, ...]:
    """The names of the hooks in a phase."""
    return tuple(each.name for each in _of(phase))


def _of(phase: type) -> list[Specification]:
    return [
        Specification(
            name,
            phase.__name__,
            inspect.iscoroutinefunction(function),
            tuple(inspect.signature(function).parameters)[1:],
            function,
        )
        for name, function in vars(phase).items()
        if hasattr(function, f"{PROJECT}_spec")
    ]
