"""Reads what plugins register, and collects their providers by kind and code."""

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import iscoroutinefunction
from types import MappingProxyType
from typing import Any

from packhouse.hooks.errors import BrokenPlugin
from packhouse.sdk.context import PluginContext
from packhouse.sdk.contributions import Recipient
from packhouse.sdk.providers import Provider, Providers
from packhouse.sdk.routing import RoutingRule

Contribution = Provider

_RECIPIENTS = "register_recipients"
_ROUTING_RULES = "register_routing_rules"
_ROUTING_RULE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_RECIPIENT = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of provider: the hook that registers it, and the field of `Providers` that holds it."""

    name: str
    hook: str
    field: str


KINDS = (
    Kind("channel", "register_channels", "channels"),
    Kind("carrier", "register_carriers", "carriers"),
    Kind("fulfillment network", "register_fulfillment_networks", "networks"),
    Kind("payment provider", "register_payment_providers", "payments"),
    Kind("review platform", "register_review_platforms", "reviews"),
)


def contributions(name: str, kind: Kind, plugin: object, context: PluginContext) -> tuple[Provider, ...]:
    """The providers of one kind that a plugin registers.

    Raises:
        BrokenPlugin: the hook returned something else than a list of providers with title and a code of their own.
    """
    given = asked(plugin, kind.hook, context)
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise BrokenPlugin(name, f"{kind.hook} returned {type(given).__name__}, expected a list of providers")
    for each in given:
        if not isinstance(each, Provider) or not isinstance(each.code, str) or not each.code:
            raise BrokenPlugin(name, f"{kind.hook} returned {type(each).__name__}, which has no code and title")
    codes = [each.code for each in given]
    if twice := next((code for place, code in enumerate(codes) if code in codes[:place]), None):
        raise BrokenPlugin(name, f"{kind.hook} returned the code {twice} twice")
    return tuple(given)


def recipients(name: str, plugin: object, context: PluginContext) -> tuple[Recipient, ...]:
    """Whom a plugin passes events on to.

    Raises:
        BrokenPlugin: the hook returned something else than a list of recipients, each with a name of its own.
    """
    given = asked(plugin, _RECIPIENTS, context)
    if not isinstance(given, Sequence) or not all(isinstance(each, Recipient) for each in given):
        raise BrokenPlugin(name, f"{_RECIPIENTS} returned {type(given).__name__}, expected a list of Recipient")
    for each in given:
        if not _RECIPIENT.fullmatch(each.name):
            raise BrokenPlugin(
                name, f"{_RECIPIENTS}: the name {each.name!r} is not small letters, digits and - (at most 32)"
            )
    if len({each.name for each in given}) < len(given):
        raise BrokenPlugin(name, f"{_RECIPIENTS} returned one name twice")
    return tuple(given)


def routing_rules(name: str, plugin: object, context: PluginContext) -> tuple[RoutingRule, ...]:
    """The kinds of routing rules that a plugin brings.

    Raises:
        BrokenPlugin: the hook returned something else than a list of rules, each with a code of its own.
    """
    given = asked(plugin, _ROUTING_RULES, context)
    if not isinstance(given, Sequence) or not all(isinstance(each, RoutingRule) for each in given):
        raise BrokenPlugin(name, f"{_ROUTING_RULES} returned {type(given).__name__}, expected a list of RoutingRule")
    for each in given:
        if not _ROUTING_RULE.fullmatch(each.code):
            raise BrokenPlugin(
                name, f"{_ROUTING_RULES}: the code {each.code!r} is not small letters, digits, - and _ (at most 32)"
            )
        functions = (each.judge, *((each.check,) if each.check is not None else ()))
        if not all(callable(function) and not iscoroutinefunction(function) for function in functions):
            raise BrokenPlugin(name, f"{_ROUTING_RULES}: judge and check of {each.code} have to be plain functions")
    if len({each.code for each in given}) < len(given):
        raise BrokenPlugin(name, f"{_ROUTING_RULES} returned one code twice")
    return tuple(given)


def asked(plugin: object, hook_name: str, context: PluginContext) -> Any:  # noqa: ANN401  (checked by the callers)
    """What a plugin's hook for start-up returns."""
    hook = getattr(plugin, hook_name)
    return hook(context) if inspect.signature(hook).parameters else hook()


def collect(sources: Iterable[Mapping[str, Sequence[Provider]]]) -> Providers:
    """Every provider by kind and code; `sources` are those of each plugin by field of `Providers`, no code claimed twice."""
    found: dict[str, dict[str, Provider]] = {kind.field: {} for kind in KINDS}
    for by_field in sources:
        for field, providers in by_field.items():
            found[field] |= {provider.code: provider for provider in providers}
    return Providers(**{field: MappingProxyType(providers) for field, providers in found.items()})
