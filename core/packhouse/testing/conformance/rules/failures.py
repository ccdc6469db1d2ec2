"""The vendor fails, and the plugin says so in the SDK's errors."""

import math

from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)
from packhouse.testing.conformance import faults
from packhouse.testing.conformance.faults import Fault, Says
from packhouse.testing.conformance.kit import Kit, Look, Probe, Rule
from packhouse.testing.conformance.running import running
from packhouse.testing.conformance.subject import Exchange, Operation, Reply
from packhouse.testing.conformance.trials import (
    SECONDS,
    SHORT_SECONDS,
    Ending,
    Trial,
    attempt,
    exchanges_of,
    try_once,
)
from packhouse.testing.conformance.vendor import vendor_for

_BUSY = 503


def unclear(trial: Trial, probe: Probe, *more: type[ProviderError]) -> str | None:
    """What is wrong with the ending of a call that got no clear answer; None where nothing is."""
    allowed: tuple[type[ProviderError], ...] = (ProviderUnavailable, *more)
    if probe.is_question or probe.operation.has_effect:
        allowed = (*allowed, ProviderInDoubt)
    return _unless(trial, allowed)


def _unless(trial: Trial, allowed: tuple[type[ProviderError], ...]) -> str | None:
    ending = trial.first
    if isinstance(ending.error, allowed):
        return None
    if ending.error is None and _may_go_on(trial):
        return None
    return f"{ending}; expected {' or '.join(each.__name__ for each in allowed)}"


def _may_go_on(trial: Trial) -> bool:
    """Whether an answer was not needed: the plugin says so, or it gives nothing and the vendor's status said that it was done."""
    struck, fault = trial.struck, trial.fault
    if struck is None or fault is None or struck.optional:
        return struck is not None
    return struck.effect and fault.does_it and trial.first.result is None


def _limited(trial: Trial, _: Probe) -> str | None:
    error = trial.first.error
    if not isinstance(error, ProviderRateLimited):
        return _unless(trial, (ProviderRateLimited,))
    if not math.isfinite(error.retry_after) or error.retry_after < 0:
        return f"retry_after is {error.retry_after}, which is no time to wait"
    if trial.fault is faults.RATE_LIMITED[0] and error.retry_after < faults.ASKED_TO_WAIT:
        return f"retry_after is {error.retry_after}, but the vendor asked for {faults.ASKED_TO_WAIT}"
    return None


def _broken(trial: Trial, probe: Probe) -> str | None:
    is_busy = isinstance(trial.fault, Says) and trial.fault.status == _BUSY
    return unclear(trial, probe, *((ProviderRateLimited,) if is_busy else ()))


async def _connections(kit: Kit) -> Look:
    look = await kit.under(faults.RESET, unclear)
    for probe in await kit.probes():
        if probe.strikes and not probe.is_question:
            trial = Trial(probe.operation, Fault("nobody is there"), None, first=await _nobody(kit, probe.operation))
            problem = unclear(trial, probe)
            look.see(None if problem is None else f"{trial.where}: {problem}")
    return look


async def _nobody(kit: Kit, operation: Operation) -> Ending:
    exchanges = exchanges_of(kit.subject, operation)
    async with vendor_for(exchanges, SECONDS) as vendor, running(kit.subject, vendor) as plugin:
        await vendor.leave()
        return await attempt(lambda: plugin.do(operation))


def _has_content(exchange: Exchange) -> bool:
    return not isinstance(exchange.answer, Reply) or len(exchange.answer.content) > 1


async def _credentials(kit: Kit) -> Look:
    reply = kit.subject.unauthorised
    headers = {"Content-Type": "application/json", **reply.headers}
    fault = Says(f"{reply.status}: credentials refused", status=reply.status, body=reply.content, headers=headers)
    return await kit.under((fault,), lambda trial, _: _unless(trial, (ProviderAuthFailed,)))


async def _refusals(kit: Kit) -> Look:
    look = Look("the subject has recorded no refusal")
    for probe in await kit.probes():
        operation = probe.operation
        if operation.refusal is None or probe.is_question or not operation.exchanges:
            continue
        struck = next((each for each in operation.exchanges if each.effect), operation.exchanges[-1])
        headers = {"Content-Type": "application/json", **operation.refusal.headers}
        fault = Says("refused", status=operation.refusal.status, body=operation.refusal.content, headers=headers)
        trial = await try_once(kit.subject, operation, fault, struck)
        problem = _unless(trial, (ProviderRefused,))
        look.see(None if problem is None else f"{trial.where}: {problem}")
    return look


RULES = (
    Rule(
        "rate-limits",
        "429 is ProviderRateLimited, with the vendor's time to wait",
        lambda kit: kit.under(faults.RATE_LIMITED, _limited),
    ),
    Rule(
        "server-errors",
        "5xx is ProviderUnavailable, or in doubt where something may have happened",
        lambda kit: kit.under(faults.BROKEN, _broken),
    ),
    Rule(
        "time-outs",
        "A vendor that says nothing is ProviderUnavailable or in doubt, in time",
        lambda kit: kit.under(faults.SILENT, unclear, seconds=SHORT_SECONDS),
    ),
    Rule(
        "connections",
        "Broken connections and a vendor that is not there are ProviderUnavailable or in doubt",
        _connections,
    ),
    Rule(
        "truncated",
        "Half an answer is no answer",
        lambda kit: kit.under(faults.HALF, unclear, may_strike=_has_content),
    ),
    Rule("credentials", "Refused credentials are ProviderAuthFailed", _credentials),
    Rule("refusals", "What the vendor refuses for good is ProviderRefused", _refusals),
)
