from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any

import pytest

from packhouse.sdk import ConsentState, EventType, ProviderAuthFailed, ProviderRefused
from packhouse_klaviyo import KlaviyoSettings, Plugin
from packhouse_klaviyo.metrics import TOLD_TYPES

EVENTS, JOBS = "/api/events", "/api/event-bulk-create-jobs"
UNSUBSCRIBE = "/api/profile-subscription-bulk-delete-jobs"


def test_the_entry_point_names_the_plugin() -> None:
    (point,) = entry_points(group="packhouse.plugins", name="klaviyo")
    assert point.load() is Plugin


def test_manifest() -> None:
    manifest = Plugin().plugin_manifest()
    assert (manifest.code, manifest.title, manifest.api) == ("klaviyo", "Klaviyo", "1")
    assert manifest.settings is KlaviyoSettings


async def test_every_account_is_a_recipient_of_what_it_is_told(klaviyo_context: Callable[..., Any]) -> None:
    context = klaviyo_context("http://127.0.0.1:1")
    (recipient,) = Plugin().register_recipients(context)
    assert (recipient.name, recipient.events) == ("main", TOLD_TYPES | {EventType.CONSENT_CHANGED})
    implemented = {each for each in EventType if hasattr(Plugin, each.value)}
    assert recipient.events == implemented
    for settings in (None, KlaviyoSettings()):
        assert Plugin().register_recipients(replace(context, settings=settings)) == []


async def test_an_order_is_told_once_however_often_it_is_delivered(
    klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    for _ in range(2):
        await klaviyo_hook(klaviyo_samples.event(EventType.ORDER_PLACED), klaviyo_samples.order())
    assert [event["metric"] for event in klaviyo.events] == ["Placed Order", "Ordered Product", "Ordered Product"]
    assert len(klaviyo.calls(EVENTS)) == 6
    assert {event["who"] for event in klaviyo.events} == {"buyer@example.com"}


async def test_a_large_order_is_told_in_one_job(klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any) -> None:
    event = klaviyo_samples.event(EventType.ORDER_PLACED)
    (line, _) = event.payload["lines"]
    lines = [line | {"order_line_id": f"line-{number}"} for number in range(200)]
    event = replace(event, payload=event.payload | {"lines": lines})
    await klaviyo_hook(event, klaviyo_samples.order())
    assert [asked.path for asked in klaviyo.asked] == [JOBS]
    assert len(klaviyo.events) == 201


@pytest.mark.parametrize(
    ("changes", "settings"),
    [
        ({"is_demo": True}, {}),
        ({"tags": ("gift", "test-order")}, {}),
        ({"tags": ("staff",)}, {"skip_tags": ["staff"]}),
        ({"email": ""}, {}),
        ({"consents": {}}, {}),
        ({}, {"channels": ["other"]}),
    ],
)
async def test_what_is_not_to_be_told_asks_nobody(
    changes: dict[str, Any], settings: dict[str, Any], klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    for event_type in TOLD_TYPES:
        await klaviyo_hook(klaviyo_samples.event(event_type), klaviyo_samples.order(**changes), **settings)
    assert klaviyo.asked == []


async def test_a_test_order_is_told_where_the_setting_says_so(
    klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    order = klaviyo_samples.order(tags=("test-order",))
    await klaviyo_hook(klaviyo_samples.event(EventType.REFUND_MADE), order, skip_tags=[])
    assert [event["metric"] for event in klaviyo.events] == ["Refunded Order"]


async def test_an_order_that_is_gone_asks_nobody(klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any) -> None:
    await klaviyo_hook(klaviyo_samples.event(EventType.ORDER_PLACED), None)
    assert klaviyo.asked == []


async def test_who_said_no_is_unsubscribed_before_anything_is_told(
    klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    order = klaviyo_samples.order(consents=klaviyo_samples.words(klaviyo_samples.word(ConsentState.DENIED)))
    event = klaviyo_samples.event(EventType.SHIPMENT_DISPATCHED)
    await klaviyo_hook(event, order, without_consent="transactional")
    assert [asked.path for asked in klaviyo.asked] == [UNSUBSCRIBE, EVENTS]
    assert klaviyo.subscription("buyer@example.com") == "UNSUBSCRIBED"


@pytest.mark.parametrize(("days", "is_backfill"), [(3, True), (3650, False)])
async def test_what_happened_long_ago_starts_no_flows(
    *, days: float, is_backfill: bool, klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    order = klaviyo_samples.order()
    event = replace(klaviyo_samples.event(EventType.REFUND_MADE), occurred_at=klaviyo_samples.at.replace(year=2020))
    await klaviyo_hook(event, order, backfill_after_days=days)
    assert klaviyo.events[0].get("backfill", False) is is_backfill


async def test_the_connection_is_tried_without_reading_anybody(
    klaviyo: Any, klaviyo_context: Callable[..., Any]
) -> None:
    context = klaviyo_context(klaviyo.url)
    assert await Plugin().test_connection(context) == "Klaviyo answers, with revision 2026-07-15"
    assert klaviyo.asked[0].query == {"fields[profile]": "created", "page[size]": "1"}
    klaviyo.answer("/api/profiles", 401, {"errors": [{"code": "not_authenticated", "detail": "no"}]})
    with pytest.raises(ProviderAuthFailed):
        await Plugin().test_connection(context)
    with pytest.raises(ProviderRefused, match="no account 'gone'"):
        await Plugin().test_connection(replace(context, recipient="gone"))
