"""The hook reference for the documentation, made from the contract itself."""

import inspect
from collections.abc import Iterable
from types import MappingProxyType

from packhouse.hooks.specifications import Specification, specifications
from packhouse.sdk.contributions import API_VERSION
from packhouse.sdk.hookspecs import SPECIFICATIONS

_TITLES = MappingProxyType(
    {
        "StartUp": "Start-up",
        "Lifespan": "Lifespan",
        "Ask": "Ask: when a person wants to know",
        "Read": "Read: when an order is read",
        "Gather": "Gather: before the transaction",
        "Decide": "Decide: inside the transaction",
        "Deliver": "Deliver: after the commit",
    }
)
_INTRODUCTION = f"""# Hooks

Every hook that a plugin can implement, API version {API_VERSION}. This page is made from `packhouse.sdk.hookspecs` and `event_hookspecs`.

Implement a hook by a method with exactly this name, decorated with `packhouse.sdk.hookimpl`, with any subset of these
arguments and no defaults. `def` hooks may do no I/O, `async def` hooks may."""


def hook_reference() -> str:
    """Markdown: every phase with what it means, every hook with its signature and docstring."""
    return "\n\n".join([_INTRODUCTION, *(_phase(phase) for phase in SPECIFICATIONS)]) + "\n"


def _phase(phase: type) -> str:
    hooks = [each for each in specifications().values() if each.phase == phase.__name__]
    title = _TITLES.get(phase.__name__, phase.__name__)
    return "\n\n".join([f"## {title}", inspect.cleandoc(phase.__doc__ or ""), *_hooks(hooks)])


def _hooks(hooks: Iterable[Specification]) -> Iterable[str]:
    for hook in hooks:
        yield f"### `{hook.name}`"
        yield f"```python\n{_signature(hook)}\n```"
        yield inspect.getdoc(hook.function) or ""


def _signature(hook: Specification) -> str:
    signature = inspect.signature(hook.function)
    plain = [parameter.replace(annotation=_short(parameter.annotation)) for parameter in signature.parameters.values()]
    arguments = ", ".join(
        each.name if each.annotation is inspect.Parameter.empty else f"{each.name}: {each.annotation}" for each in plain
    )
    colour = "async def" if hook.is_async else "def"
    return f"{colour} {hook.name}({arguments}) -> {_short(signature.return_annotation)}: ..."


def _short(annotation: object) -> object:
    """An annotation without the modules that its names live in."""
    if annotation is inspect.Parameter.empty:
        return annotation
    words = inspect.formatannotation(annotation).replace("[", "[ ").split(" ")
    return " ".join(word.rsplit(".", 1)[-1] for word in words).replace("[ ", "[")
