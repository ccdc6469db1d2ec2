"""What receivers are sent and answer, for the conformance kit: a receiver knows a repeat by the message's id."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from packhouse.sdk import Event, EventType
from packhouse.testing.conformance import Address, Asked, Exchange, Operation, Reply, Subject
from packhouse_webhooks import Plugin

SECRET = base64.b64encode(b"planted secret of 32 bytes, long").decode()
AT = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
ORDER = UUID(int=7)
DOCUMENT = "query ($orderId: ID!) { order(id: $orderId) { number } }"


def settings(vendor: Address) -> dict[str, Any]:
    each = {"secrets": [f"whsec_{SECRET}"], "timeout": vendor.seconds}
    return {
        "endpoints": {
            "plain": {**each, "url": f"{vendor.url}/plain"},
            "chosen": {**each, "url": f"{vendor.url}/chosen", "document": DOCUMENT, "cloudevents": True},
        },
        "allowed_networks": ["127.0.0.0/8"],
    }


def query(document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    assert (document, set(variables)) == (DOCUMENT, {"orderId"})
    return {"order": {"number": "1001"}}


def message_id(asked: Asked) -> str:
    return asked.headers["webhook-id"]


def told(number: int, type_: EventType, recipient: str) -> Operation:
    event = Event(UUID(int=number), type_, number, AT, order_id=ORDER, payload={"total": 1250})
    receives = Exchange("POST", f"/{recipient}", Reply(204), effect=True, key=message_id, name=recipient)
    return Operation(
        "event_recorded", event=event, exchanges=(receives,), recipient=recipient, title=f"{type_.value} to {recipient}"
    )


SUBJECT = Subject(
    plugin=Plugin,
    settings=settings,
    secrets=(SECRET,),
    exempt={"credentials": "a receiver has no credentials of ours to refuse"},
    query=query,
    operations=(
        told(1, EventType.ORDER_PLACED, "plain"),
        told(2, EventType.SHIPMENT_DELIVERED, "plain"),
        told(3, EventType.ORDER_PLACED, "chosen"),
        # the status is the answer: what follows it is not needed
        Operation(
            "test_connection", exchanges=(Exchange("POST", "/plain", Reply(204), optional=True),), recipient="plain"
        ),
    ),
)
