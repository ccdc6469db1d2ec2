"""Refuses wrong plugins before they are registered, with the reason and the way out.

pluggy alone lets through what fails later and elsewhere: a coroutine where a value is expected, a misspelt name that is
never called, an argument with a default that is never passed.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

import pluggy

from packhouse.hooks.errors import BrokenPlugin
from packhouse.hooks.specifications import Specification, specifications
from packhouse.sdk.contributions import ACCEPTED_API_VERSIONS, PluginManifest
from packhouse.sdk.hookspecs import PROJECT

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_Parameter = inspect.Parameter


def check_hooks(name: str, plugin: object) -> tuple[str, ...]:
    """The names of the hooks that a plugin implements, each of them as the contract says.

    Raises:
        BrokenPlugin: a hook that does not exist, of the wrong colour, or with wrong arguments.
    """
    return tuple(_check(name, hook, function, options) for hook, function, options in _implementations(plugin))


def check_manifest(name: str, plugin: object, hooks: tuple[str, ...]) -> PluginManifest:
    """The plugin's manifest.

    Raises:
        BrokenPlugin: there is none, it is something else, its code has a wrong form, or it is for another API version.
    """
    if "plugin_manifest" not in hooks:
        raise BrokenPlugin(name, "it has no manifest: implement plugin_manifest and decorate it with hookimpl")
    manifest = plugin.plugin_manifest()  # type: ignore[attr-defined]  # checked one line above
    if not isinstance(manifest, PluginManifest):
        raise BrokenPlugin(name, f"plugin_manifest returned {type(manifest).__name__}, expected PluginManifest")
    if not _CODE.fullmatch(manifest.code):
        raise BrokenPlugin(
            name, f"its code {manifest.code!r} is not lower-case letters, digits, - and _ (at most 64, a letter first)"
        )
    if manifest.api not in ACCEPTED_API_VERSIONS:
        accepted = " and ".join(ACCEPTED_API_VERSIONS)
        raise BrokenPlugin(name, f"it was written for API version {manifest.api}, this host has {accepted}")
    return manifest


def _implementations(plugin: object) -> Iterator[tuple[str, Callable[..., Any], Any]]:
    manager = pluggy.PluginManager(PROJECT)
    for attribute in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is not None:
            yield attribute, getattr(plugin, attribute), options


def _check(name: str, hook: str, function: Callable[..., Any], options: Any) -> str:  # noqa: ANN401  (pluggy's options)
    if options.get("specname"):
        raise BrokenPlugin(name, f"{hook} stands in for {options['specname']}: give the method the hook's own name")
    specification = specifications().get(hook)
    if specification is None:
        raise BrokenPlugin(name, f"there is no hook {hook}{_nearest(hook, tuple(specifications()))}")
    if options.get("wrapper") or options.get("hookwrapper"):
        raise BrokenPlugin(name, f"{hook} is a wrapper, and hooks cannot be wrapped")
    _check_colour(name, specification, function)
    _check_arguments(name, specification, function)
    return hook


def _check_colour(name: str, specification: Specification, function: Callable[..., Any]) -> None:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise BrokenPlugin(name, f"{specification.name} is a generator: it must return its answer")
    if inspect.iscoroutinefunction(function) == specification.is_async:
        return
    expected = "async def" if specification.is_async else "def, because it may do no I/O"
    raise BrokenPlugin(name, f"{specification.name} has the wrong colour: it must be {expected}")


def _check_arguments(name: str, specification: Specification, function: Callable[..., Any]) -> None:
    hook = specification.name
    for argument, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not _Parameter.POSITIONAL_OR_KEYWORD:
            raise BrokenPlugin(name, f"{hook}: {parameter} is not a plain argument; name the arguments that it needs")
        if argument not in specification.arguments:
            known = ", ".join(specification.arguments) or "none"
            hint = _nearest(argument, specification.arguments)
            raise BrokenPlugin(name, f"{hook} has no argument {argument}{hint} (its arguments: {known})")
        if parameter.default is not _Parameter.empty:
            raise BrokenPlugin(name, f"{hook}: the argument {argument} has a default, and would never be passed")


def _nearest(word: str, known: tuple[str, ...]) -> str:
    matches = get_close_matches(word, known, n=1)
    return f"; did you mean {matches[0]}?" if matches else ""
