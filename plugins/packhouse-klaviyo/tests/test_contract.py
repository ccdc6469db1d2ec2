"""Against Klaviyo's own description, which is kept beside a checkout and never in it."""

import importlib.util
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from packhouse.sdk import (
    ConsentPurpose,
    ConsentState,
    EventType,
    ProviderError,
    ProviderRateLimited,
    ProviderUnavailable,
)
from packhouse.testing.shared import shared_path
from packhouse_klaviyo import Plugin
from packhouse_klaviyo.client import REVISION
from packhouse_klaviyo.metrics import TOLD_TYPES

SPEC = "vendor-specs/klaviyo/stable.trimmed.openapi.json"
TYPES = sorted(TOLD_TYPES)
# Whom the stand-in finds when it looks for a profile; its description's own example is subscribed to something else.
STANDING = {
    "email": {"marketing": {"can_receive_email_marketing": True, "consent": "NEVER_SUBSCRIBED"}},
    "sms": {"marketing": {"can_receive_sms_marketing": True, "consent": "NEVER_SUBSCRIBED"}},
}


@pytest.fixture(scope="module")
def klaviyo_specmock() -> ModuleType:
    path = shared_path("tools/vendor-mocks/specmock.py", start=Path(__file__).parent)
    pytest.importorskip("jsonschema")
    spec = importlib.util.spec_from_file_location("packhouse_klaviyo_specmock", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def klaviyo_server(klaviyo_specmock: ModuleType) -> Iterator[tuple[str, Any]]:
    description = shared_path(SPEC, start=Path(__file__).parent)
    with warnings.catch_warnings():
        # The stand-in leaves the closing of the file that it reads to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        server, url, mock = klaviyo_specmock.serve(str(description))
    yield url, mock
    server.shutdown()
    server.server_close()


@pytest.fixture
def klaviyo_mock(klaviyo_server: tuple[str, Any]) -> Any:
    _, mock = klaviyo_server
    mock.reset()
    found = {"type": "profile", "id": "01P", "attributes": {"subscriptions": STANDING}}
    mock.answers["get_profiles"] = [{"status": 200, "body": {"data": [found]}}]
    return mock


@pytest.fixture
def klaviyo_tell(
    klaviyo_server: tuple[str, Any], klaviyo_mock: Any, klaviyo_context: Callable[..., Any]
) -> Callable[..., Any]:
    """Calls a hook of the plugin against the stand-in."""
    assert klaviyo_mock.journal == []

    async def tell(event: Any, about: Any, **settings: Any) -> None:
        await getattr(Plugin(), event.type.value)(event, about, klaviyo_context(klaviyo_server[0], **settings))

    return tell


def operations(mock: Any) -> list[str]:
    assert [entry["violations"] for entry in mock.journal if entry.get("violations")] == []
    return [entry["op"] for entry in mock.journal]


@pytest.mark.parametrize("event_type", TYPES)
@pytest.mark.parametrize("state", list(ConsentState))
async def test_every_event_is_valid(
    event_type: EventType, state: ConsentState, klaviyo_tell: Any, klaviyo_mock: Any, klaviyo_samples: Any
) -> None:
    order = klaviyo_samples.order(consents=klaviyo_samples.words(klaviyo_samples.word(state)))
    await klaviyo_tell(klaviyo_samples.event(event_type), order, without_consent="transactional", backfill_after_days=0)
    called = operations(klaviyo_mock)
    if state is not ConsentState.GRANTED and event_type is EventType.FEEDBACK_RECEIVED:
        assert called == []
        return
    expected = ["create_event"] * (3 if event_type is EventType.ORDER_PLACED else 1)
    assert called == ["bulk_unsubscribe_profiles"] * (state is ConsentState.DENIED) + expected
    assert {entry["status"] for entry in klaviyo_mock.journal} == {202}
    assert {entry["headers"]["revision"] for entry in klaviyo_mock.journal} == {REVISION}


async def test_a_job_of_events_is_valid(klaviyo_tell: Any, klaviyo_mock: Any, klaviyo_samples: Any) -> None:
    event = klaviyo_samples.event(EventType.ORDER_PLACED)
    (line, _) = event.payload["lines"]
    lines = [line | {"order_line_id": f"line-{number}"} for number in range(1500)]
    await klaviyo_tell(replace(event, payload=event.payload | {"lines": lines}), klaviyo_samples.order())
    assert operations(klaviyo_mock) == ["bulk_create_events"] * 2


@pytest.mark.parametrize("purpose", [ConsentPurpose.MARKETING_EMAIL, ConsentPurpose.MARKETING_SMS])
@pytest.mark.parametrize("days", [0, 3650])
async def test_every_change_of_consent_is_valid(
    purpose: ConsentPurpose, days: int, klaviyo_tell: Any, klaviyo_mock: Any, klaviyo_samples: Any
) -> None:
    for state, expected in (
        (ConsentState.GRANTED, ["get_profiles", "create_or_update_profile", "bulk_subscribe_profiles"]),
        (ConsentState.DENIED, ["get_profiles", "bulk_unsubscribe_profiles"]),
    ):
        klaviyo_mock.journal.clear()
        word = klaviyo_samples.word(state, purpose)
        customer = klaviyo_samples.customer(word, phone="+442079460000")
        await klaviyo_tell(klaviyo_samples.consent_event(word), customer, list_id="Y6nRLr", backfill_after_days=days)
        assert operations(klaviyo_mock) == expected


async def test_the_question_whether_anybody_answers_is_valid(
    klaviyo_server: tuple[str, Any], klaviyo_mock: Any, klaviyo_context: Callable[..., Any]
) -> None:
    await Plugin().test_connection(klaviyo_context(klaviyo_server[0]))
    assert operations(klaviyo_mock) == ["get_profiles"]


FAULTS = {
    "429": ({"status": 429, "headers": {"Retry-After": "3"}}, ProviderRateLimited),
    "500": ({"status": 500}, ProviderUnavailable),
    "503": ({"status": 503, "body": None}, ProviderUnavailable),
    "drop": ({"kind": "drop"}, ProviderUnavailable),
    "commit-then-drop": ({"kind": "commit-then-drop"}, ProviderUnavailable),
    "truncate": ({"kind": "truncate"}, ProviderUnavailable),
    "html-502": ({"kind": "html"}, ProviderUnavailable),
    "html-200": ({"kind": "html", "status": 200}, ProviderUnavailable),
    "delay": ({"kind": "delay", "delay_s": 1.0}, ProviderUnavailable),
}


STRUCK = ("create_event", "get_profiles", "create_or_update_profile", "bulk_subscribe_profiles")
# A 200 says that the profile is there, and nothing else of that answer is needed.
ENOUGH = ("html-200", "create_or_update_profile")


@pytest.mark.parametrize(
    ("fault", "struck"), [(fault, struck) for fault in FAULTS for struck in STRUCK if (fault, struck) != ENOUGH]
)
async def test_every_fault_has_its_error_and_the_next_attempt_works(
    fault: str, struck: str, klaviyo_tell: Any, klaviyo_mock: Any, klaviyo_samples: Any
) -> None:
    described, error = FAULTS[fault]
    # aiohttp itself asks once more where a question finds its connection closed
    times = 2 if struck == "get_profiles" and "drop" in fault else 1
    klaviyo_mock.faults.append({"op": struck, "times": times, **described})
    granted = klaviyo_samples.word()
    event: Any = klaviyo_samples.event(EventType.ORDER_PLACED)
    about: Any = klaviyo_samples.order()
    if struck != "create_event":
        event, about = klaviyo_samples.consent_event(granted), klaviyo_samples.customer(granted)
    with pytest.raises(ProviderError) as failed:
        await klaviyo_tell(event, about, timeout=0.5)
    assert type(failed.value) is error
    if isinstance(failed.value, ProviderRateLimited):
        assert failed.value.retry_after == 3.0
    await klaviyo_tell(event, about)
    assert operations(klaviyo_mock)


async def test_what_was_taken_while_its_answer_was_lost_keeps_its_id(
    klaviyo_tell: Any, klaviyo_mock: Any, klaviyo_samples: Any
) -> None:
    event, order = klaviyo_samples.event(EventType.ORDER_PLACED), klaviyo_samples.order()
    klaviyo_mock.faults.append({"op": "create_event", "times": 1, "kind": "commit-then-drop"})
    with pytest.raises(ProviderUnavailable):
        await klaviyo_tell(event, order)
    await klaviyo_tell(event, order)
    sent = [entry["body"]["data"]["attributes"] for entry in klaviyo_mock.journal]
    assert len(sent) == 4
    assert sent[0] == sent[1]
    assert len({attributes["unique_id"] for attributes in sent}) == 3


def test_the_revision_is_that_of_the_description() -> None:
    description = json.loads(shared_path(SPEC, start=Path(__file__).parent).read_text("utf-8"))
    assert description["info"]["version"] == REVISION
