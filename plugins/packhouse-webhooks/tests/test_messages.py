"""What receivers get can be verified by the library that they use."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from packhouse.sdk import Event, EventType, now
from packhouse_webhooks.messages import JSON, LONGEST_BODY, body_of, headers_of, message_id, message_type, plain_data

OLD, NEW = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2))
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
EVENT = Event(UUID(int=1), EventType.ORDER_PLACED, 7, AT, UUID(int=2), "admin", "api", payload={"total": 1800})


def test_types_are_dotted() -> None:
    assert message_type(EventType.ORDER_PLACED) == "order.placed"
    assert {message_type(each).count(".") for each in EventType} == {1}


def test_a_message_holds_the_event() -> None:
    body = orjson.loads(body_of(EVENT, plain_data(EVENT), source="packhouse", cloudevents=False))
    assert body["type"] == "order.placed"
    assert body["timestamp"] == "2026-11-23T09:00:00+00:00"
    assert body["data"]["payload"] == {"total": 1800}
    assert base64.b64decode(body["data"]["orderId"]).decode() == f"Order:{UUID(int=2)}"


def test_a_cloudevent_has_its_attributes() -> None:
    body = orjson.loads(body_of(EVENT, {"a": 1}, source="shop", cloudevents=True))
    assert body == {
        "specversion": "1.0",
        "id": str(EVENT.id),
        "source": "shop",
        "type": "packhouse.order.placed",
        "time": "2026-11-23T09:00:00+00:00",
        "datacontenttype": "application/json",
        "data": {"a": 1},
        "subject": str(EVENT.order_id),
    }


def test_a_long_message_holds_ids_only() -> None:
    body = body_of(EVENT, {"text": "x" * LONGEST_BODY}, source="s", cloudevents=False)
    assert len(body) < LONGEST_BODY
    assert orjson.loads(body)["data"]["eventId"] == str(EVENT.id)
    assert "text" not in orjson.loads(body)["data"]


def test_every_secret_verifies_and_no_other() -> None:
    body = body_of(EVENT, plain_data(EVENT), source="s", cloudevents=False)
    headers = headers_of(message_id(EVENT), body, [SecretStr(NEW), SecretStr(OLD)], now(), JSON)
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (NEW, OLD):
        Webhook(secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(f"whsec_{base64.b64encode(bytes([3]) * 32).decode()}").verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(body.replace(b"1800", b"1801"), headers)


def test_the_id_is_constant_and_the_time_is_fresh() -> None:
    body = b"{}"
    first = headers_of(message_id(EVENT), body, [SecretStr(NEW)], AT, JSON)
    again = headers_of(message_id(replace(EVENT, position=9)), body, [SecretStr(NEW)], AT + timedelta(minutes=5), JSON)
    assert first["webhook-id"] == again["webhook-id"]
    assert int(again["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 300
