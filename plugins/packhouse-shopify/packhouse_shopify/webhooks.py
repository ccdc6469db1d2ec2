"""Webhooks of Shopify: is it theirs, is it fresh, and which orders are in it."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from packhouse.sdk import IncomingOrder, WebhookEnvelope, WebhookRejected
from packhouse_shopify.fields import parse_json
from packhouse_shopify.mapping import read_order
from packhouse_shopify.settings import Shop

ORDER_TOPICS = frozenset({"orders/create", "orders/updated", "orders/paid", "orders/cancelled"})


def verify(shop: Shop, headers: Mapping[str, str], body: bytes, received_at: datetime) -> WebhookEnvelope:
    """What the headers say, once the signature, the shop and the time are right.

    Raises:
        WebhookRejected: one of them is wrong or missing.
    """
    named = {name.lower(): value for name, value in headers.items()}
    if not _is_signed(shop, named.get("x-shopify-hmac-sha256", ""), body):
        raise WebhookRejected("the signature X-Shopify-Hmac-Sha256 is missing or wrong")
    if named.get("x-shopify-shop-domain", "").strip().lower() != shop.domain:
        raise WebhookRejected(f"the webhook is not from {shop.domain}")
    _check_time(shop, named.get("x-shopify-triggered-at", ""), received_at)
    message_id = named.get("x-shopify-webhook-id", "").strip()
    topic = named.get("x-shopify-topic", "").strip().lower()
    if not message_id or not topic:
        raise WebhookRejected("X-Shopify-Webhook-Id or X-Shopify-Topic is missing")
    return WebhookEnvelope(message_id=message_id, topic=topic)


def read(topic: str, body: bytes) -> list[IncomingOrder]:
    """The order in a webhook about orders; nothing for other topics.

    Raises:
        Unreadable: the topic has an order, and it cannot be read.
    """
    if topic.strip().lower() not in ORDER_TOPICS:
        return []
    return [read_order(parse_json(body))]


def _is_signed(shop: Shop, signature: str, body: bytes) -> bool:
    given = signature.strip().encode("utf-8", "replace")
    # Every secret is tried even after a match, so that the time taken does not tell which one it was.
    matches = [hmac.compare_digest(_sign(secret.get_secret_value(), body), given) for secret in shop.webhook_secrets]
    return any(matches)


def _sign(secret: str, body: bytes) -> bytes:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())


def _check_time(shop: Shop, triggered: str, received_at: datetime) -> None:
    try:
        triggered_at = datetime.fromisoformat(triggered.strip())
        if triggered_at.tzinfo is None:
            raise WebhookRejected("X-Shopify-Triggered-At has no time zone")
        age = received_at - triggered_at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise WebhookRejected("X-Shopify-Triggered-At is missing or is not a time") from None
    if age > timedelta(seconds=shop.max_age_seconds):
        raise WebhookRejected(f"the webhook is older than {shop.max_age_seconds} seconds")
    if age < -timedelta(seconds=shop.max_ahead_seconds):
        raise WebhookRejected(f"the webhook's time lies more than {shop.max_ahead_seconds} seconds ahead")
