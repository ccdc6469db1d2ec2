"""Answers that are whole and wrong: another format, or fields that are not what they should be."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import orjson

from packhouse.sdk import ProviderError, Unreadable
from packhouse.testing.conformance import faults
from packhouse.testing.conformance.faults import Says
from packhouse.testing.conformance.kit import Kit, Look, Probe, Rule
from packhouse.testing.conformance.mutations import mutations
from packhouse.testing.conformance.rules.failures import unclear
from packhouse.testing.conformance.running import Running, running
from packhouse.testing.conformance.shapes import answer_of, wrongs
from packhouse.testing.conformance.subject import Exchange, Reply, Webhook
from packhouse.testing.conformance.trials import SECONDS, Ending, attempt, exchanges_of, try_once
from packhouse.testing.conformance.vendor import Vendor, vendor_for
from packhouse.testing.conformance.webhooks import provider_of

_JSON = {"Content-Type": "application/json"}


async def _malformed(kit: Kit) -> Look:
    look = await kit.under(faults.GARBLED, unclear, may_strike=_is_json)
    mutated: set[int] = set()
    for probe in await kit.probes():
        for exchange in probe.strikes:
            if id(exchange) not in mutated and isinstance(exchange.answer, Reply) and exchange.answer.json is not None:
                mutated.add(id(exchange))
                await _every_field(kit, look, probe, exchange)
    for webhook in kit.subject.webhooks:
        await _every_field_of_webhook(kit, look, webhook)
    return look


def _is_json(exchange: Exchange) -> bool:
    return not isinstance(exchange.answer, Reply) or exchange.answer.json is not None


async def _every_field(kit: Kit, look: Look, probe: Probe, exchange: Exchange) -> None:
    """Each field of an answer spoilt in turn: the SDK's errors, or an answer that is as the contract says."""
    reply = exchange.afterwards if probe.is_question and exchange.afterwards is not None else exchange.answer
    if not isinstance(reply, Reply):
        return
    spoilt = [
        Says(what, does_it=True, status=reply.status, body=body, headers=_JSON) for what, body in mutations(reply.json)
    ]
    answer = (await kit.baseline(probe.operation)).first.result
    # what is wrong with the answer anyhow is another rule's finding
    known = {each.about for each in wrongs(answer, answer_of(probe.operation))}
    if exchange in kit.subject.always:
        # what is fetched once and kept is asked for by a fresh plugin only
        for fault in spoilt:
            trial = await try_once(kit.subject, probe.operation, fault, exchange)
            look.see(_problem(trial.first, probe, f"{exchange}, {fault}", known))
        return
    exchanges = exchanges_of(kit.subject, probe.operation)
    async with vendor_for(exchanges, SECONDS) as vendor, running(kit.subject, vendor) as plugin:
        await _through(spoilt, _Bench(look, probe, exchange, vendor, plugin, known))


@dataclass(frozen=True, slots=True)
class _Bench:
    look: Look
    probe: Probe
    exchange: Exchange
    vendor: Vendor
    plugin: Running
    known: AbstractSet[str]


async def _through(spoilt: Sequence[Says], bench: _Bench) -> None:
    for fault in spoilt:
        bench.vendor.done.clear()
        bench.plugin.forget()
        bench.vendor.fault, bench.vendor.struck = fault, bench.exchange
        ending = await attempt(lambda: bench.plugin.do(bench.probe.operation))
        bench.look.see(_problem(ending, bench.probe, f"{bench.exchange}, {fault}", bench.known))


def _problem(ending: Ending, probe: Probe, where: str, known: AbstractSet[str]) -> str | None:
    if isinstance(ending.error, ProviderError):
        return None
    if ending.error is not None:
        return f"{probe.operation}, {where}: {ending}; expected a ProviderError or an answer"
    annotation = answer_of(probe.operation)
    found = "; ".join(each.text for each in wrongs(ending.result, annotation) if each.about not in known)
    return f"{probe.operation}, {where}: {found}" if found else None


async def _every_field_of_webhook(kit: Kit, look: Look, webhook: Webhook) -> None:
    bodies = [("HTML", faults.HTML), ("an empty body", b""), ("null", b"null"), ("no UTF-8", b"{\xff\xfe}")]
    bodies += mutations(orjson.loads(webhook.body))
    async with vendor_for(kit.subject.always, SECONDS) as vendor, running(kit.subject, vendor) as plugin:
        provider = provider_of(plugin, webhook)
        for what, body in bodies:
            where = f"webhook {webhook.topic}, {what}"
            try:
                found = "; ".join(each.text for each in wrongs(provider.read_webhook(webhook.topic, body)))
            except Unreadable:
                look.see(None)
            except Exception as error:  # noqa: BLE001  (a plugin may fail in any way)
                look.see(f"{where}: it raised {type(error).__name__}: {error}; expected Unreadable")
            else:
                look.see(f"{where}: {found}" if found else None)


RULES = (Rule("malformed", "Answers that are not as described are the SDK's errors, never others", _malformed),)
