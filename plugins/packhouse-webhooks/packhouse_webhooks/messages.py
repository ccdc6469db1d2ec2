"""What is sent: the message of an event, and its signatures. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import SecretStr
from standardwebhooks import Webhook

from packhouse.sdk import Event, EventType, global_id

LONGEST_BODY = 20_000
JSON = "application/json"
CLOUDEVENTS = "application/cloudevents+json"


def message_type(event_type: EventType) -> str:
    """A type as receivers know it: `order.placed`."""
    return event_type.value.replace("_", ".", 1)


def message_id(event: Event) -> str:
    """The message's id, the same for every attempt: receivers know a repeat by it."""
    return f"msg_{event.id.hex}"


def plain_data(event: Event) -> dict[str, Any]:
    """What is sent where no document says otherwise: the event itself; money is minor units with a currency."""
    return {**_identity(event), "actor": event.actor, "reason": event.reason, "payload": dict(event.payload)}


def body_of(event: Event, data: Mapping[str, Any], *, source: str, cloudevents: bool) -> bytes:
    """The message as JSON; where it would be too long, only ids, by which the receiver asks for the rest."""
    body = _dump(event, data, source, cloudevents=cloudevents)
    if len(body) > LONGEST_BODY:
        short = {**_identity(event), "omitted": f"the data is over {LONGEST_BODY} bytes: ask for it by its id"}
        body = _dump(event, short, source, cloudevents=cloudevents)
    return body


def test_body(at: datetime) -> bytes:
    """A message that says that it is a test."""
    return orjson.dumps({"type": "webhook.test", "timestamp": at.isoformat(), "data": {"test": True}})


def test_event(at: datetime) -> Event:
    """What documents are tried out with: an event of an order that is none."""
    return Event(UUID(int=0), EventType.ORDER_PLACED, 0, at, order_id=UUID(int=0))


def headers_of(name: str, body: bytes, secrets: Sequence[SecretStr], at: datetime, media_type: str) -> dict[str, str]:
    """The headers of Standard Webhooks: a signature by every secret over `id.timestamp.body`."""
    text = body.decode()
    signatures = [Webhook(secret.get_secret_value()).sign(name, at, text) for secret in secrets]
    return {
        "content-type": media_type,
        "user-agent": "packhouse-webhooks",
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def variables_of(event: Event) -> dict[str, str | None]:
    """What a stored document may declare."""
    return {
        "orderId": None if event.order_id is None else global_id("Order", event.order_id),
        "eventId": str(event.id),
        "eventType": event.type.value,
    }


def _identity(event: Event) -> dict[str, Any]:
    order_id = None if event.order_id is None else global_id("Order", event.order_id)
    return {"eventId": str(event.id), "orderId": order_id, "position": event.position}


def _dump(event: Event, data: Mapping[str, Any], source: str, *, cloudevents: bool) -> bytes:
    if not cloudevents:
        return orjson.dumps(
            {"type": message_type(event.type), "timestamp": event.occurred_at.isoformat(), "data": data}
        )
    envelope = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": source,
        "type": f"packhouse.{message_type(event.type)}",
        "time": event.occurred_at.isoformat(),
        "datacontenttype": JSON,
        "data": data,
    }
    if event.order_id is not None:
        envelope["subject"] = str(event.order_id)
    return orjson.dumps(envelope)
