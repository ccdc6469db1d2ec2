"""Collects what plugins register, by kind and code. Two with one code are an error at start-up."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from packhouse.hooks.errors import BrokenPlugin, DuplicateCode
from packhouse.sdk.context import PluginContext
from packhouse.sdk.providers import Provider, Providers

Contribution = Provider


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
        BrokenPlugin: the hook returned something else than a list of providers with code and title.
    """
    hook = getattr(plugin, kind.hook)
    given = hook(context) if inspect.signature(hook).parameters else hook()
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise BrokenPlugin(name, f"{kind.hook} returned {type(given).__name__}, expected a list of providers")
    for each in given:
        if not isinstance(each, Provider) or not isinstance(each.code, str) or not each.code:
            raise BrokenPlugin(name, f"{kind.hook} returned {type(each).__name__}, which has no code and title")
    return tuple(given)


def collect(sources: Iterable[tuple[str, Mapping[str, Sequence[Provider]]]]) -> Providers:
    """Every provider by kind and code; `sources` are (plugin code, its providers by field of `Providers`).

    Raises:
        DuplicateCode: two of one kind have one code.
    """
    found: dict[str, dict[str, Provider]] = {kind.field: {} for kind in KINDS}
    owners: dict[tuple[str, str], str] = {}
    for plugin, by_field in sources:
        for kind in KINDS:
            for provider in by_field.get(kind.field, ()):
                first = owners.setdefault((kind.field, provider.code), plugin)
                if provider.code in found[kind.field]:
                    raise DuplicateCode(kind.name, provider.code, first, plugin)
                found[kind.field][provider.code] = provider
    return Providers(**{field: MappingProxyType(providers) for field, providers in found.items()})
