"""The plugin loads, uses nothing that goes, does what the recordings say, and leaves nothing that it can do unexamined."""

import warnings
from collections.abc import Iterator

from packhouse import sdk
from packhouse.hooks.alone import EVERY_EVENT
from packhouse.hooks.specifications import specifications
from packhouse.sdk import EventType, Provider, SdkDeprecation
from packhouse.testing.conformance.kit import LOADS, Kit, Look, Rule
from packhouse.testing.conformance.rules.routing import STRATEGY
from packhouse.testing.conformance.running import load
from packhouse.testing.conformance.subject import Operation
from packhouse.testing.conformance.trials import PATIENCE, OutOfPatience, Trial
from packhouse.testing.conformance.vendor import vendor_for

_STARTS = ("StartUp", "Lifespan")


async def _loads(kit: Kit) -> Look:
    look = Look()
    look.see(await kit.why_not_loaded())
    return look


async def _current(kit: Kit) -> Look:
    look = Look()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fresh = Kit(kit.subject)
        for operation in fresh.operations:
            await fresh.baseline(operation)
    look.see(None)
    for warning in caught:
        if isinstance(warning.message, SdkDeprecation):
            look.see(str(warning.message))
    return look


async def _works(kit: Kit) -> Look:
    look = Look("the subject has no operations")
    for operation in kit.operations:
        trial = await kit.baseline(operation)
        look.see(_why_not(trial))
    return look


def _why_not(trial: Trial) -> str | None:
    if trial.first.error is not None:
        strangers = f" (asked without a recording: {', '.join(trial.strangers)})" if trial.strangers else ""
        reason = "it did not end" if isinstance(trial.first.error, OutOfPatience) else str(trial.first)
        return f"{trial.operation}: {reason}{strangers}"
    if trial.strangers:
        return f"{trial.operation}: it asked what no recording is for: {', '.join(trial.strangers)}"
    unasked = [str(each) for each in trial.operation.exchanges if each not in trial.asked and not each.optional]
    if unasked and trial.operation.call is None:
        return f"{trial.operation}: it never asked {', '.join(unasked)} (mark what it need not ask as optional)"
    return None


async def _covers(kit: Kit) -> Look:
    look = Look()
    async with vendor_for((), PATIENCE) as vendor:
        alone, _, _ = load(kit.subject, vendor)
    named = {(each.provider, each.name) for each in _all(kit)}
    for provider in alone.providers:
        for method in _methods(provider):
            if not named & {(provider.code, method), ("", method)} and not _is_webhook(kit, provider, method):
                look.see(f"{provider.code} can {method}, and no operation of the subject does it")
            else:
                look.see(None)
    for hook in _hooks(tuple(alone.implementations)):
        examined = any(each.name == hook for each in kit.subject.operations)
        look.see(None if examined else f"it implements {hook}, and no operation of the subject does it")
    if EVERY_EVENT in alone.implementations:
        examined = any(each.event is not None for each in kit.subject.operations)
        look.see(None if examined else f"it implements {EVERY_EVENT}, and no operation of the subject has an event")
    return look


def _all(kit: Kit) -> Iterator[Operation]:
    for operation in kit.subject.operations:
        yield operation
        if operation.find is not None:
            yield operation.find


def _methods(provider: Provider) -> Iterator[str]:
    """The methods of every capability that a provider has."""
    for name in sdk.__all__:
        protocol = getattr(sdk, name)
        if (
            protocol is not Provider
            and getattr(protocol, "_is_runtime_protocol", False)
            and isinstance(provider, protocol)
        ):
            yield from (method for method in vars(protocol) if not method.startswith("_"))


def _is_webhook(kit: Kit, provider: Provider, method: str) -> bool:
    return "webhook" in method and any(each.provider in ("", provider.code) for each in kit.subject.webhooks)


def _hooks(implemented: tuple[str, ...]) -> Iterator[str]:
    """Hooks beyond starting up, but for the one for every event."""
    events = {each.value for each in EventType}
    for name in implemented:
        # rules and strategies of routing have a rule of their own
        if name not in (EVERY_EVENT, STRATEGY) and (name in events or specifications()[name].phase not in _STARTS):
            yield name


RULES = (
    Rule(LOADS, "The host loads it, starts it and stops it", _loads),
    Rule("current", "It uses nothing of the SDK that goes", _current),
    Rule("works", "Every operation works with the recorded answers", _works),
    Rule("covers", "Everything that it can do is examined", _covers),
)
