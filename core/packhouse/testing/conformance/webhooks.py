"""Reading the webhooks of a subject."""

from collections.abc import Mapping
from datetime import datetime

from starlette.datastructures import Headers

from packhouse.sdk import IncomingOrder, ReadsWebhooks, WebhookEnvelope
from packhouse.testing.conformance.running import Running, running
from packhouse.testing.conformance.subject import Subject, Webhook
from packhouse.testing.conformance.trials import SECONDS
from packhouse.testing.conformance.vendor import vendor_for


def provider_of(plugin: Running, webhook: Webhook) -> ReadsWebhooks:
    """The provider that reads a webhook.

    Raises:
        LookupError: there is none.
    """
    for each in plugin.alone.providers:
        if isinstance(each, ReadsWebhooks) and webhook.provider in ("", each.code):
            return each
    raise LookupError(f"no provider {webhook.provider or 'at all'} reads webhooks")


async def orders_in(subject: Subject, webhook: Webhook) -> list[IncomingOrder]:
    """The orders in a webhook, read by a fresh plugin."""
    async with vendor_for(subject.always, SECONDS) as vendor, running(subject, vendor) as plugin:
        return provider_of(plugin, webhook).read_webhook(webhook.topic, webhook.body)


def verified(
    plugin: Running, webhook: Webhook, headers: Mapping[str, str], body: bytes, at: datetime
) -> WebhookEnvelope:
    """What the provider says of a delivery, with headers as a server gives them: their case does not matter.

    Raises:
        whatever the provider raises.
    """
    return provider_of(plugin, webhook).verify_webhook(Headers(dict(headers)), body, at)
