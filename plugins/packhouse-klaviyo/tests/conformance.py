"""What Klaviyo is asked and answers, for the conformance kit: an event is known by profile, metric and unique_id."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from packhouse.sdk import (
    Consent,
    ConsentPurpose,
    ConsentState,
    CustomerSnapshot,
    Event,
    EventType,
    Money,
    OrderLineSnapshot,
    OrderSnapshot,
    now,
)
from packhouse.testing.conformance import Address, Asked, Exchange, Operation, Reply, Subject
from packhouse_klaviyo import Plugin

KEY = "pk_planted-key-3f9a"
AT = now() - timedelta(hours=1)
CUSTOMER, ORDER, LINE, SHIPMENT = UUID(int=42), UUID(int=7), UUID(int=1), UUID(int=3)
GRANTED = Consent(ConsentPurpose.MARKETING_EMAIL, ConsentState.GRANTED, AT, source="channel:web")
DENIED = Consent(ConsentPurpose.MARKETING_EMAIL, ConsentState.DENIED, AT, source="letter")
REFUSED = Reply(
    400,
    {
        "errors": [
            {
                "id": "01R",
                "code": "invalid",
                "title": "Invalid input.",
                "detail": "Invalid email address",
                "source": {"pointer": "/data/attributes/profile/data/attributes/email"},
            }
        ]
    },
)


def settings(vendor: Address) -> dict[str, Any]:
    account = {"api_key": KEY, "base_url": vendor.url, "timeout": vendor.seconds, "connect_timeout": vendor.seconds}
    return {"accounts": {"main": {**account, "without_consent": "transactional"}}}


def by_unique_id(asked: Asked) -> str:
    attributes = asked.json["data"]["attributes"]
    return f"{attributes['metric']['data']['attributes']['name']} {attributes['unique_id']}"


def by_profile(asked: Asked) -> str:
    attributes = asked.json["data"]["attributes"]
    profile = attributes["profiles"]["data"][0]["attributes"] if "profiles" in attributes else attributes
    return str(profile["email"])


def asks_about(email: str) -> Callable[[Asked], bool]:
    return lambda asked: email in asked.query.get("filter", "")


def profile(consent: str) -> Reply:
    marketing = {
        "can_receive_email_marketing": True,
        "consent": consent,
        "consent_timestamp": "2020-01-01T00:00:00+00:00",
        "last_updated": "2020-01-01T00:00:00+00:00",
        "suppression": [{"reason": "USER_SUPPRESSED", "timestamp": "2020-01-01T00:00:00+00:00"}],
    }
    attributes = {"subscriptions": {"email": {"marketing": marketing}}}
    return Reply(200, {"data": [{"type": "profile", "id": "01P", "attributes": attributes}]})


EVENTS = Exchange("POST", "/api/events", Reply(202), effect=True, key=by_unique_id)
FIND = Exchange("GET", "/api/profiles", profile("UNSUBSCRIBED"), when=asks_about("new@"), name="find a profile")
FOUND = Exchange("GET", "/api/profiles", profile("SUBSCRIBED"), when=asks_about("old@"), name="find a subscriber")
# of its answer only the status counts: what it says of the profile is not needed
UPSERT = Exchange("POST", "/api/profile-import", Reply(200), effect=True, key=by_profile)
SUBSCRIBE = Exchange("POST", "/api/profile-subscription-bulk-create-jobs", Reply(202), effect=True, key=by_profile)
UNSUBSCRIBE = Exchange("POST", "/api/profile-subscription-bulk-delete-jobs", Reply(202), effect=True, key=by_profile)


def order(consent: Consent) -> OrderSnapshot:
    line = OrderLineSnapshot(
        id=LINE,
        sku="MUG",
        title="Mug",
        ordered=2,
        allocated=0,
        shipped=2,
        delivered=0,
        returned=0,
        cancelled=0,
        unit_price=Money.of("9.50", "GBP"),
        total=Money.of("19.00", "GBP"),
    )
    return OrderSnapshot(
        id=ORDER,
        number="#1001",
        channel="web",
        external_id="",
        status="confirmed",
        currency="GBP",
        total=Money.of("19.00", "GBP"),
        placed_at=AT,
        email="buyer@example.com",
        customer_id=CUSTOMER,
        lines=(line,),
        consents={consent.purpose: consent},
    )


def told(
    number: int, type_: EventType, payload: dict[str, Any], *exchanges: Exchange, consent: Consent = GRANTED
) -> Operation:
    event = Event(UUID(int=100 + number), type_, number, AT, order_id=ORDER, payload=payload)
    return Operation(
        type_.value,
        event=event,
        order=order(consent),
        exchanges=exchanges,
        refusal=REFUSED,
        recipient="main",
        title=f"{type_.value} of a customer with consent {consent.state.value}",
    )


def changed(number: int, consent: Consent, email: str, *exchanges: Exchange) -> Operation:
    payload = {"purpose": consent.purpose.value, "state": consent.state.value, "source": consent.source}
    event = Event(UUID(int=100 + number), EventType.CONSENT_CHANGED, number, AT, payload=payload, customer_id=CUSTOMER)
    customer = CustomerSnapshot(CUSTOMER, email, channel="web", consents={consent.purpose: consent})
    return Operation(
        "consent_changed",
        event=event,
        customer=customer,
        exchanges=exchanges,
        refusal=REFUSED,
        recipient="main",
        title=f"consent {consent.state.value}",
    )


LINES = [{"order_line_id": str(LINE), "sku": "MUG", "title": "Mug", "quantity": 2, "unit_price": 950, "total": 1900}]
PLACED = {"number": "#1001", "channel": "web", "total": 1900, "currency": "GBP", "lines": LINES}
LEFT = {
    "shipment_id": str(SHIPMENT),
    "carrier": "ups",
    "tracking_number": "1Z1",
    "tracking_url": "",
    "lines": [{"order_line_id": str(LINE), "sku": "MUG", "quantity": 2}],
}
ARRIVED = {"shipment_id": str(SHIPMENT), "carrier": "ups", "tracking_number": "1Z1"}
RETURNED = {"number": "R-1", "is_complete": True, "lines": [{"sku": "MUG", "quantity": 1}]}
REFUNDED = {"amount": 950, "currency": "GBP"}
REVIEWED = {"score": 5, "sku": "MUG", "platform": "stars"}

SUBJECT = Subject(
    plugin=Plugin,
    settings=settings,
    secrets=(KEY,),
    unauthorised=Reply(401, {"errors": [{"id": "1", "code": "not_authenticated", "title": "No", "detail": "No key"}]}),
    operations=(
        told(1, EventType.ORDER_PLACED, PLACED, EVENTS),
        told(2, EventType.SHIPMENT_DISPATCHED, LEFT, UNSUBSCRIBE, EVENTS, consent=DENIED),
        told(3, EventType.SHIPMENT_DELIVERED, ARRIVED, EVENTS),
        told(4, EventType.RETURN_REQUESTED, RETURNED, EVENTS),
        told(5, EventType.RETURN_RECEIVED, RETURNED, EVENTS),
        told(6, EventType.REFUND_MADE, REFUNDED, EVENTS),
        told(7, EventType.FEEDBACK_RECEIVED, REVIEWED, EVENTS),
        told(8, EventType.ORDER_CANCELLED, {"number": "#1001"}, EVENTS),
        changed(9, GRANTED, "new@example.com", FIND, UPSERT, SUBSCRIBE),
        changed(10, DENIED, "old@example.com", FOUND, UNSUBSCRIBE),
        Operation(
            "test_connection",
            exchanges=(Exchange("GET", "/api/profiles", Reply(200), optional=True),),
            recipient="main",
        ),
    ),
)
