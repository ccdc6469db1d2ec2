"""Secrets stay where they are: in no log line, error, traceback or repr, also when the vendor repeats them."""

import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from packhouse.testing.conformance import faults
from packhouse.testing.conformance.faults import CutsOff, Fault, Hangs, Resets, Says
from packhouse.testing.conformance.kit import Kit, Look, Rule
from packhouse.testing.conformance.running import running
from packhouse.testing.conformance.subject import Exchange, Operation
from packhouse.testing.conformance.trials import SECONDS, SHORT_SECONDS, attempt, exchanges_of
from packhouse.testing.conformance.vendor import Vendor, vendor_for

_SHORTEST = 8
_CARRIES = ("authorization", "token", "key", "secret")
_HARMLESS = ("idempotency", "content", "sec-websocket")
_FAULTS: tuple[Fault, ...] = (
    *faults.ECHOES,
    Resets("connection reset"),
    Says("HTML instead of JSON", body=faults.HTML),
    CutsOff("the connection breaks in the middle of the answer"),
)


class _Listener(logging.Handler):
    """Keeps everything that is logged, as it would be printed."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.heard: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{self.format(record)} {record.args!r}")


@contextmanager
def _listening(code: str) -> Iterator[list[str]]:
    """Everything that is logged by the plugin and by anybody else, down to the smallest detail."""
    listener = _Listener()
    loggers = [logging.getLogger(), logging.getLogger(f"packhouse.plugins.{code}")]
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(listener)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        yield listener.heard
    finally:
        loggers[0].removeHandler(listener)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


async def _secrets(kit: Kit) -> Look:
    look = Look("the subject has planted no secrets")
    short = [secret for secret in kit.subject.secrets if len(secret) < _SHORTEST]
    if short:
        look.see(f"planted secrets need {_SHORTEST} characters to be told from other text")
    probes = await kit.probes() if kit.subject.secrets else []
    for probe in probes:
        await _one(kit, look, probe.operation, None, None)
        for exchange in probe.strikes:
            for fault in _FAULTS:
                await _one(kit, look, probe.operation, fault, exchange)
    for probe in probes[:1]:
        for exchange in probe.strikes[:1]:
            await _one(kit, look, probe.operation, faults.SILENT[0], exchange)
    return look


async def _one(kit: Kit, look: Look, operation: Operation, fault: Fault | None, struck: Exchange | None) -> None:
    seconds = SHORT_SECONDS if isinstance(fault, Hangs) else SECONDS
    async with vendor_for(exchanges_of(kit.subject, operation), seconds) as vendor:
        async with running(kit.subject, vendor) as plugin:
            with _listening(plugin.context.code) as heard:
                vendor.fault, vendor.struck = fault, struck
                ending = await attempt(lambda: plugin.do(operation))
            shown = [("its log", each) for each in heard if "packhouse.testing" not in each]
            shown += [("a repr", repr(each)) for each in (plugin.alone.plugin, plugin.context.settings)]
            shown += [("a repr", repr(each)) for each in plugin.alone.providers]
            if ending.error is not None:
                shown += [("its error", text) for text in _told(ending.error)]
        secrets = {*kit.subject.secrets, *_sent(vendor)}
        where = f"{operation}, {fault} at {struck}" if fault else str(operation)
        look.see(_leak(shown, secrets, where))


def _told(error: BaseException) -> Iterator[str]:
    yield f"{error!r} {error} {error.args!r} {vars(error)!r}"
    yield "".join(traceback.format_exception(error))


def _sent(vendor: Vendor) -> Iterator[str]:
    """Credentials that the vendor was sent, by the names of their headers."""
    for _, asked in vendor.asked:
        for name, value in asked.headers.items():
            if any(word in name for word in _CARRIES) and not any(word in name for word in _HARMLESS):
                yield from (part for part in value.split() if len(part) >= _SHORTEST)


def _leak(shown: Iterable[tuple[str, str]], secrets: set[str], where: str) -> str | None:
    places = sorted({place for place, text in shown if any(secret in text for secret in secrets)})
    return f"{where}: a secret is in {' and in '.join(places)}" if places else None


RULES = (Rule("secrets", "Secrets are in no log line, error, traceback or repr", _secrets),)
