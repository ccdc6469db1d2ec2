"""Webhooks are believed only when they are signed, whole and fresh."""

import ast
from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable

from packhouse.sdk import WebhookRejected, now
from packhouse.testing.conformance.kit import Kit, Look, Rule
from packhouse.testing.conformance.running import Running, running
from packhouse.testing.conformance.subject import Webhook
from packhouse.testing.conformance.trials import SECONDS
from packhouse.testing.conformance.vendor import vendor_for
from packhouse.testing.conformance.webhooks import verified

_LONG = timedelta(days=30)
_COMPARES = {"compare_digest"}
_NONSENSE = ("", "0", "not base64 é", "AAAA")


async def _webhooks(kit: Kit) -> Look:
    look = Look("it reads no webhooks")
    if not kit.subject.webhooks:
        return look
    async with vendor_for(kit.subject.always, SECONDS) as vendor, running(kit.subject, vendor) as plugin:
        for webhook in kit.subject.webhooks:
            _believes(look, plugin, webhook)
            for what, headers, body in _forgeries(webhook):
                look.see(_disbelieves(plugin, webhook, what, headers, body))
    look.see(None if _compares_in_constant_time(kit.subject.plugin) else "nothing in its package uses compare_digest")
    return look


def _believes(look: Look, plugin: Running, webhook: Webhook) -> None:
    at = now()
    try:
        envelope = verified(plugin, webhook, webhook.sign(webhook.body, at), webhook.body, at)
    except Exception as error:  # noqa: BLE001  (a plugin may fail in any way)
        look.see(f"webhook {webhook.topic}: rightly signed, and it raised {type(error).__name__}: {error}")
        return
    look.see(
        None if envelope.topic == webhook.topic else f"webhook {webhook.topic}: it reads the topic {envelope.topic}"
    )
    look.see(
        None if envelope.message_id else f"webhook {webhook.topic}: it has no message id, so repeats are not known"
    )


def _forgeries(webhook: Webhook) -> Iterator[tuple[str, Mapping[str, str], bytes]]:
    at = now()
    headers = webhook.sign(webhook.body, at)
    yield "with a changed body", headers, webhook.body.replace(b"0", b"1", 1) + b" "
    yield "without its body", headers, b""
    if webhook.is_timed:
        yield "thirty days old", webhook.sign(webhook.body, at - _LONG), webhook.body
        yield "of the day after tomorrow", webhook.sign(webhook.body, at + timedelta(days=2)), webhook.body
    yield "without headers", {}, webhook.body
    for name in _signing_headers(webhook):
        yield f"without {name}", {key: value for key, value in headers.items() if key != name}, webhook.body
        for nonsense in _NONSENSE:
            yield f"with {name} {nonsense!r}", {**headers, name: nonsense}, webhook.body


def _signing_headers(webhook: Webhook) -> list[str]:
    """The headers that depend on the body: they hold the signature."""
    at = now()
    one, other = webhook.sign(webhook.body, at), webhook.sign(webhook.body + b" ", at)
    return [name for name in one if one[name] != other.get(name)]


def _disbelieves(plugin: Running, webhook: Webhook, what: str, headers: Mapping[str, str], body: bytes) -> str | None:
    try:
        verified(plugin, webhook, headers, body, now())
    except WebhookRejected:
        return None
    except Exception as error:  # noqa: BLE001  (a plugin may fail in any way)
        return f"webhook {webhook.topic} {what}: it raised {type(error).__name__}: {error}; expected WebhookRejected"
    return f"webhook {webhook.topic} {what}: it was believed"


def _compares_in_constant_time(plugin: type) -> bool:
    """Whether the plugin's package compares signatures by a function that takes the same time for right and wrong."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr in _COMPARES)
        or (isinstance(node, ast.Name) and node.id in _COMPARES)
        for source in _sources(files(_package_of(plugin)))
        for node in ast.walk(ast.parse(source))
    )


def _package_of(plugin: type) -> str:
    """The package that a class belongs to: the whole distribution's, or the part of a namespace."""
    parts = plugin.__module__.split(".")
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        if getattr(import_module(name), "__file__", None):
            return name if hasattr(import_module(name), "__path__") else ".".join(parts[: length - 1])
    return parts[0]


def _sources(folder: Traversable) -> Iterator[str]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _sources(each)
        elif each.name.endswith(".py"):
            yield each.read_text("utf-8")


RULES = (Rule("webhooks", "Webhooks are believed only when they are signed, whole and fresh", _webhooks),)
