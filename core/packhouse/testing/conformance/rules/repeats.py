"""Nothing happens twice: answers that were lost, calls and events that come again, or in another order."""

from collections import Counter

from packhouse.sdk import ProviderInDoubt
from packhouse.testing.conformance import faults
from packhouse.testing.conformance.kit import Kit, Look, Probe, Rule
from packhouse.testing.conformance.running import Running, running
from packhouse.testing.conformance.subject import Exchange, Operation
from packhouse.testing.conformance.trials import SECONDS, SHORT_SECONDS, Trial, attempt, try_once
from packhouse.testing.conformance.vendor import Vendor, vendor_for
from packhouse.testing.conformance.webhooks import provider_of


async def _commit_then_drop(kit: Kit) -> Look:
    look = Look("it does nothing that must not happen twice")
    probes = [probe for probe in await kit.probes() if not probe.is_question]
    lost = await kit.trials(probes, faults.DONE_AND_LOST, may_strike=_is_effect)
    silent = await kit.trials(probes, faults.DONE_AND_SILENT, may_strike=_is_effect, seconds=SHORT_SECONDS)
    for probe, trial in (*lost, *silent):
        if trial.hits:
            look.see(_lost(trial, probe, (await kit.baseline(probe.operation)).effects))
    return look


def _is_effect(exchange: Exchange) -> bool:
    return exchange.effect


def _lost(trial: Trial, probe: Probe, once: Counter[str]) -> str | None:
    twice = _too_often(trial.effects, once)
    if twice:
        return f"{trial.where}: {twice} (the call ended so: {trial.first})"
    if trial.last.error is None:
        missing = [exchange for exchange in once if trial.effects[exchange] < once[exchange]]
        return f"{trial.where}: it said that it worked, and {', '.join(missing)} never happened" if missing else None
    if isinstance(trial.last.error, ProviderInDoubt) and probe.operation.find is None and not probe.operation.repeats:
        return None
    return f"{trial.where}: calling again never led to an end: {trial.last}"


def _too_often(effects: Counter[str], once: Counter[str]) -> str:
    return "; ".join(
        f"{exchange} happened {count} times, not {once[exchange]}"
        for exchange, count in effects.items()
        if count > once[exchange]
    )


async def _duplicates(kit: Kit) -> Look:
    look = Look("it does nothing that must not happen twice")
    for probe in await kit.probes():
        operation = probe.operation
        if not probe.is_question and _is_repeated(operation) and (operation.has_effect or _has_key(operation)):
            look.see(await _twice(kit, operation))
    for webhook in kit.subject.webhooks:
        async with vendor_for(kit.subject.always, SECONDS) as vendor, running(kit.subject, vendor) as plugin:
            provider = provider_of(plugin, webhook)
            same = provider.read_webhook(webhook.topic, webhook.body) == provider.read_webhook(
                webhook.topic, webhook.body
            )
            look.see(None if same else f"webhook {webhook.topic}: read again, it says something else")
    return look


def _is_repeated(operation: Operation) -> bool:
    """Whether the host may do it twice: events always, a call unless it is never made again with its key."""
    return operation.repeats or operation.event is not None


def _has_key(operation: Operation) -> bool:
    """Whether it carries an idempotency key, as every call with an effect does."""
    return any(hasattr(each, "idempotency_key") for each in operation.arguments)


async def _twice(kit: Kit, operation: Operation) -> str | None:
    problems: list[str] = []

    async def again(plugin: Running, vendor: Vendor, trial: Trial) -> None:
        once = vendor.effects
        find = operation.find
        if find is not None:
            found = await attempt(lambda: plugin.do(find))
            if found.error is not None or found.result is None:
                said = str(found) if found.error is not None else "it found nothing"
                problems.append(f"{operation} was done; then {find}: {said}")
            return
        second = await attempt(lambda: plugin.do(operation))
        if second.error is not None:
            problems.append(f"{operation} done again: {second}")
        elif twice := _too_often(vendor.effects, once):
            problems.append(f"{operation} done again: {twice}")
        elif not operation.exchanges and second.result != trial.first.result:
            problems.append(f"{operation} done again with the same key: another answer")

    await try_once(kit.subject, operation, then=again)
    return "; ".join(problems) or None


async def _reordering(kit: Kit) -> Look:
    look = Look("it has no two events or webhooks that could change places")
    events = [probe.operation for probe in await kit.probes() if probe.operation.event is not None]
    if len(events) > 1:
        one_way, other_way = await _effects_of(kit, events), await _effects_of(kit, events[::-1])
        same = one_way == other_way
        look.see(None if same else f"events in another order have other effects: {_differences(one_way, other_way)}")
    webhooks = kit.subject.webhooks
    if len(webhooks) > 1:
        async with vendor_for(kit.subject.always, SECONDS) as vendor, running(kit.subject, vendor) as plugin:
            there = {each.body: provider_of(plugin, each).read_webhook(each.topic, each.body) for each in webhooks}
        async with vendor_for(kit.subject.always, SECONDS) as vendor, running(kit.subject, vendor) as plugin:
            back = {each.body: provider_of(plugin, each).read_webhook(each.topic, each.body) for each in webhooks[::-1]}
        look.see(None if there == back else "webhooks read in another order say something else")
    return look


async def _effects_of(kit: Kit, events: list[Operation]) -> Counter[str] | str:
    exchanges = [exchange for each in events for exchange in each.all_exchanges]
    async with vendor_for((*exchanges, *kit.subject.always), SECONDS) as vendor, running(kit.subject, vendor) as plugin:
        for each in events:
            ending = await attempt(lambda each=each: plugin.do(each))  # type: ignore[misc]  # binds the loop's value
            if ending.error is not None:
                return f"{each} failed: {ending}"
        return vendor.effects


def _differences(one_way: Counter[str] | str, other_way: Counter[str] | str) -> str:
    if isinstance(one_way, str) or isinstance(other_way, str):
        return f"{one_way} / {other_way}"
    return ", ".join(sorted({*(one_way - other_way), *(other_way - one_way)}))


RULES = (
    Rule("commit-then-drop", "What was done while its answer was lost is not done again", _commit_then_drop),
    Rule("duplicates", "The same call, event or webhook again has one effect", _duplicates),
    Rule("reordering", "Events and webhooks in another order have the same effects", _reordering),
)
