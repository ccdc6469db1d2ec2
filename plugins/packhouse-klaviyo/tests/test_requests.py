"""The requests as they are sent."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from packhouse.sdk import ConsentPurpose, EventType, Money
from packhouse_klaviyo.client import Call
from packhouse_klaviyo.metrics import Told, told
from packhouse_klaviyo.requests import (
    Profile,
    event_calls,
    find_call,
    subscribe_call,
    unsubscribe_call,
    upsert_call,
)

PROFILE = Profile("buyer@example.com", external_id="c-1")
PHONE = Profile(phone="+442079460000", external_id="c-1")
AT = datetime(2026, 11, 20, 9, 30, 15, 999, tzinfo=UTC)


def sent(call: Call) -> Any:
    return orjson.loads(orjson.dumps(call.body))


def test_an_event_names_its_profile_its_metric_and_itself(klaviyo_samples: Any) -> None:
    event = klaviyo_samples.event(EventType.REFUND_MADE)
    (call,) = event_calls(PROFILE, told(event, klaviyo_samples.order()), backfill=False)
    assert (call.method, call.path, call.statuses) == ("POST", "/api/events", {202})
    assert sent(call) == {
        "data": {
            "type": "event",
            "attributes": {
                "metric": {"data": {"type": "metric", "attributes": {"name": "Refunded Order"}}},
                "unique_id": str(event.id),
                "time": "2026-11-20T09:30:15+00:00",
                "properties": {"OrderId": "#1001"},
                "value": 8.33,
                "value_currency": "GBP",
                "profile": {
                    "data": {
                        "type": "profile",
                        "attributes": {"email": "buyer@example.com", "external_id": "c-1"},
                    }
                },
            },
        }
    }


@pytest.mark.parametrize(
    ("money", "digits"),
    [
        (Money(Decimal("0.10"), "GBP"), b"0.10"),
        (Money(Decimal("1234567890123.45"), "GBP"), b"1234567890123.45"),
        (Money(Decimal(1200), "JPY"), b"1200"),
        (Money(Decimal("1E+3"), "JPY"), b"1000"),
        (Money(Decimal("0.001"), "KWD"), b"0.001"),
        (Money.from_minor(0, "GBP"), b"0.00"),
    ],
)
def test_money_is_sent_with_exactly_its_digits(money: Money, digits: bytes) -> None:
    (call,) = event_calls(PROFILE, [Told("Placed Order", "1", AT, money, {"ItemPrice": money})], backfill=False)
    body = orjson.dumps(call.body)
    assert b'"value":' + digits + b',"value_currency":"' + money.currency.encode() in body
    assert b'"ItemPrice":' + digits + b"}" in body


def test_times_are_utc_and_whole_seconds(klaviyo_samples: Any) -> None:
    del klaviyo_samples
    elsewhere = datetime.fromisoformat("2026-11-20T23:30:15.75-05:00")
    (call,) = event_calls(PROFILE, [Told("Placed Order", "1", elsewhere)], backfill=False)
    assert sent(call)["data"]["attributes"]["time"] == "2026-11-21T04:30:15+00:00"


def test_old_events_start_no_flows() -> None:
    (call,) = event_calls(PROFILE, [Told("Placed Order", "1", AT)], backfill=True)
    assert sent(call)["data"]["attributes"]["backfill"] is True


def test_many_events_of_an_order_go_in_jobs_of_a_thousand() -> None:
    events = [Told("Ordered Product", str(UUID(int=number)), AT) for number in range(1200)]
    few, many = event_calls(PROFILE, events[:10], backfill=False), event_calls(PROFILE, events, backfill=True)
    assert [call.name for call in few] == ["create_event"] * 10
    assert [(call.name, call.path) for call in many] == [("bulk_create_events", "/api/event-bulk-create-jobs")] * 2
    jobs = [sent(call)["data"]["attributes"]["events-bulk-create"]["data"] for call in many]
    assert [len(job) for job in jobs] == [1, 1]
    assert [len(job[0]["attributes"]["events"]["data"]) for job in jobs] == [1000, 200]
    first = jobs[0][0]["attributes"]
    assert first["backfill"] is True
    assert first["profile"]["data"]["attributes"] == {"email": "buyer@example.com", "external_id": "c-1"}
    assert first["events"]["data"][0] == {
        "type": "event",
        "attributes": {
            "metric": {"data": {"type": "metric", "attributes": {"name": "Ordered Product"}}},
            "unique_id": str(UUID(int=0)),
            "time": "2026-11-20T09:30:15+00:00",
            "properties": {},
        },
    }


def test_a_profile_is_looked_up_by_address_or_number() -> None:
    assert find_call(PROFILE).query["filter"] == 'equals(email,"buyer@example.com")'
    assert find_call(PHONE).query == {
        "filter": 'equals(phone_number,"+442079460000")',
        "additional-fields[profile]": "subscriptions",
        "fields[profile]": "subscriptions",
        "page[size]": "1",
    }


def test_a_profile_holds_no_more_than_what_identifies_it() -> None:
    call = upsert_call(PROFILE)
    assert (call.path, call.statuses) == ("/api/profile-import", {200, 201})
    attributes = {"email": "buyer@example.com", "external_id": "c-1"}
    assert sent(call) == {"data": {"type": "profile", "attributes": attributes}}


def test_a_profile_is_subscribed_to_one_channel(klaviyo_samples: Any) -> None:
    call = subscribe_call(PROFILE, klaviyo_samples.word(), "LIST1", historical=False)
    assert call.path == "/api/profile-subscription-bulk-create-jobs"
    assert sent(call)["data"] == {
        "type": "profile-subscription-bulk-create-job",
        "attributes": {
            "custom_source": "Packhouse: channel:web",
            "profiles": {
                "data": [
                    {
                        "type": "profile",
                        "attributes": {
                            "email": "buyer@example.com",
                            "subscriptions": {"email": {"marketing": {"consent": "SUBSCRIBED"}}},
                        },
                    }
                ]
            },
        },
        "relationships": {"list": {"data": {"type": "list", "id": "LIST1"}}},
    }


def test_an_old_consent_is_a_historical_import_with_its_date(klaviyo_samples: Any) -> None:
    consent = klaviyo_samples.word(purpose=ConsentPurpose.MARKETING_SMS)
    attributes = sent(subscribe_call(PHONE, consent, "", historical=True))["data"]["attributes"]
    assert attributes["historical_import"] is True
    assert attributes["profiles"]["data"][0]["attributes"] == {
        "phone_number": "+442079460000",
        "subscriptions": {"sms": {"marketing": {"consent": "SUBSCRIBED", "consented_at": "2026-11-20T09:30:15+00:00"}}},
    }


def test_a_profile_is_unsubscribed_from_everything_of_a_channel() -> None:
    call = unsubscribe_call(PROFILE, ConsentPurpose.MARKETING_EMAIL)
    assert call.path == "/api/profile-subscription-bulk-delete-jobs"
    data = sent(call)["data"]
    assert "relationships" not in data
    assert data["attributes"]["profiles"]["data"][0]["attributes"] == {
        "email": "buyer@example.com",
        "subscriptions": {"email": {"marketing": {"consent": "UNSUBSCRIBED"}}},
    }
