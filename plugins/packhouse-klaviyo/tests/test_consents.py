"""What may be told of whom, and what a changed consent does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from packhouse.sdk import AnswerUnreadable, ConsentPurpose, ConsentState, EventType, ProviderRefused
from packhouse_klaviyo import AccountSettings
from packhouse_klaviyo.consents import Standing, permit_of, read_standing

YES, NO, MAYBE = ConsentState.GRANTED, ConsentState.DENIED, ConsentState.UNKNOWN
EMAIL, SMS, REVIEWS = ConsentPurpose.MARKETING_EMAIL, ConsentPurpose.MARKETING_SMS, ConsentPurpose.REVIEWS
BUYER, NUMBER = "buyer@example.com", "+442079460000"
FIND = "/api/profiles"
UPSERT = "/api/profile-import"
SUBSCRIBE = "/api/profile-subscription-bulk-create-jobs"
UNSUBSCRIBE = "/api/profile-subscription-bulk-delete-jobs"


# --- what may be told ---


@pytest.mark.parametrize(
    ("state", "mode", "placed", "reviewed"),
    [
        (YES, "nothing", True, True),
        (NO, "nothing", False, False),
        (MAYBE, "nothing", False, False),
        (None, "nothing", False, False),
        (YES, "transactional", True, True),
        (NO, "transactional", True, False),
        (MAYBE, "transactional", True, False),
        (None, "transactional", True, False),
    ],
)
def test_without_consent_nothing_is_told_unless_the_setting_says_so(
    *,
    state: ConsentState | None,
    mode: str,
    placed: bool,
    reviewed: bool,
    klaviyo_samples: Any,
    klaviyo_account: Callable[..., AccountSettings],
) -> None:
    consents = klaviyo_samples.words(klaviyo_samples.word(state)) if state else {}
    order, account = klaviyo_samples.order(consents=consents), klaviyo_account(without_consent=mode)
    for event_type, expected in ((EventType.ORDER_PLACED, placed), (EventType.FEEDBACK_RECEIVED, reviewed)):
        permit = permit_of(account, klaviyo_samples.event(event_type), order)
        assert (permit is not None) is expected
        if permit is not None:
            assert permit.profile.attributes == {"email": BUYER, "external_id": str(UUID(int=42))}
            assert permit.says_no is (state is NO)


def test_consent_by_sms_is_consent_too_and_one_for_reviews_is_not(
    klaviyo_samples: Any, klaviyo_account: Callable[..., AccountSettings]
) -> None:
    event = klaviyo_samples.event(EventType.ORDER_PLACED)
    for purpose, expected in ((SMS, True), (REVIEWS, False)):
        order = klaviyo_samples.order(consents=klaviyo_samples.words(klaviyo_samples.word(YES, purpose)))
        assert (permit_of(klaviyo_account(), event, order) is not None) is expected


def test_the_address_that_consent_was_given_for_counts(
    klaviyo_samples: Any, klaviyo_account: Callable[..., AccountSettings]
) -> None:
    consents = klaviyo_samples.words(klaviyo_samples.word(contact="News@Example.com"))
    permit = permit_of(
        klaviyo_account(), klaviyo_samples.event(EventType.ORDER_PLACED), klaviyo_samples.order(consents=consents)
    )
    assert permit is not None
    assert permit.profile.email == "news@example.com"


@pytest.mark.parametrize("email", ["", "nobody", 'a"b@example.com', "a b@example.com", "a\\b@example.com"])
def test_who_has_no_address_is_nobody(
    email: str, klaviyo_samples: Any, klaviyo_account: Callable[..., AccountSettings]
) -> None:
    order = klaviyo_samples.order(email=email)
    assert permit_of(klaviyo_account(), klaviyo_samples.event(EventType.ORDER_PLACED), order) is None


def test_consent_given_to_another_accounts_channel_is_none(
    klaviyo_samples: Any, klaviyo_account: Callable[..., AccountSettings]
) -> None:
    account, event = klaviyo_account(channels=["web"]), klaviyo_samples.event(EventType.ORDER_PLACED)
    for source, expected in (("channel:web", True), ("channel:other", False), ("telephone", True)):
        consents = klaviyo_samples.words(klaviyo_samples.word(source=source))
        permit = permit_of(account, event, klaviyo_samples.order(consents=consents))
        assert (permit is not None) is expected


# --- what a changed consent does ---


async def test_who_grants_is_subscribed(klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any) -> None:
    granted = klaviyo_samples.word(contact="News@example.com")
    await klaviyo_hook(klaviyo_samples.consent_event(granted), klaviyo_samples.customer(granted), list_id="LIST1")
    assert [asked.path for asked in klaviyo.asked] == [FIND, UPSERT, SUBSCRIBE]
    assert klaviyo.subscription("news@example.com") == "SUBSCRIBED"
    assert klaviyo.profiles["news@example.com"]["external_id"] == str(UUID(int=42))
    (subscribed,) = klaviyo.calls(SUBSCRIBE)
    assert subscribed.json["data"]["relationships"]["list"]["data"]["id"] == "LIST1"
    assert "historical_import" not in subscribed.json["data"]["attributes"]


async def test_a_number_is_subscribed_to_sms(klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any) -> None:
    granted = klaviyo_samples.word(YES, SMS)
    await klaviyo_hook(klaviyo_samples.consent_event(granted), klaviyo_samples.customer(granted, phone=NUMBER))
    assert klaviyo.subscription(NUMBER, "sms") == "SUBSCRIBED"
    assert klaviyo.subscription(NUMBER, "email") == "NEVER_SUBSCRIBED"


async def test_what_was_granted_long_ago_is_a_historical_import(
    klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    old = klaviyo_samples.word(at=klaviyo_samples.recently - timedelta(days=4))
    await klaviyo_hook(klaviyo_samples.consent_event(old), klaviyo_samples.customer(old), backfill_after_days=3)
    (subscribed,) = klaviyo.calls(SUBSCRIBE)
    assert subscribed.json["data"]["attributes"]["historical_import"] is True


async def test_who_said_no_at_klaviyo_afterwards_is_left_alone(
    klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    granted = klaviyo_samples.word()
    later = (granted.given_at + timedelta(hours=1)).isoformat()
    klaviyo.standing(BUYER, consent="UNSUBSCRIBED", consent_timestamp=later)
    await klaviyo_hook(klaviyo_samples.consent_event(granted), klaviyo_samples.customer(granted))
    assert [asked.path for asked in klaviyo.asked] == [FIND]
    assert klaviyo.subscription(BUYER) == "UNSUBSCRIBED"


async def test_who_said_no_at_klaviyo_before_is_subscribed_again(
    klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    granted = klaviyo_samples.word()
    earlier = (granted.given_at - timedelta(hours=1)).isoformat()
    klaviyo.standing(BUYER, consent="UNSUBSCRIBED", consent_timestamp=earlier)
    await klaviyo_hook(klaviyo_samples.consent_event(granted), klaviyo_samples.customer(granted))
    assert klaviyo.subscription(BUYER) == "SUBSCRIBED"


async def test_who_is_subscribed_is_not_subscribed_again(klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any) -> None:
    granted = klaviyo_samples.word()
    klaviyo.standing(BUYER, consent="SUBSCRIBED")
    await klaviyo_hook(klaviyo_samples.consent_event(granted), klaviyo_samples.customer(granted))
    assert [asked.path for asked in klaviyo.asked] == [FIND, UPSERT]


@pytest.mark.parametrize("state", [NO, MAYBE])
async def test_who_does_not_grant_is_unsubscribed_where_there_is_a_profile(
    state: ConsentState, klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    word = klaviyo_samples.word(state)
    event, customer = klaviyo_samples.consent_event(word), klaviyo_samples.customer(word)
    await klaviyo_hook(event, customer)
    assert klaviyo.profiles == {}, "nobody is told of somebody who said no"
    klaviyo.standing(BUYER, consent="NEVER_SUBSCRIBED")
    await klaviyo_hook(event, customer)
    assert klaviyo.subscription(BUYER) == "UNSUBSCRIBED"
    await klaviyo_hook(event, customer)
    assert len(klaviyo.calls(UNSUBSCRIBE)) == 1
    assert klaviyo.calls(SUBSCRIBE) == []


async def test_a_yes_that_was_taken_back_subscribes_nobody(
    klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    granted, denied = klaviyo_samples.word(YES), klaviyo_samples.word(NO)
    await klaviyo_hook(klaviyo_samples.consent_event(granted), klaviyo_samples.customer(denied))
    assert klaviyo.asked == []


@pytest.mark.parametrize(
    ("purpose", "values"),
    [(SMS, {}), (SMS, {"phone": "020 7946 0000"}), (EMAIL, {"email": ""}), (REVIEWS, {}), (EMAIL, {"is_demo": True})],
)
async def test_what_is_no_ones_business_asks_nobody(
    purpose: ConsentPurpose, values: dict[str, Any], klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    granted = klaviyo_samples.word(YES, purpose)
    await klaviyo_hook(klaviyo_samples.consent_event(granted), klaviyo_samples.customer(granted, **values))
    assert klaviyo.asked == []


async def test_a_customer_that_is_gone_asks_nobody(klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any) -> None:
    await klaviyo_hook(klaviyo_samples.consent_event(klaviyo_samples.word()), None)
    assert klaviyo.asked == []


async def test_consent_given_to_another_accounts_channel_subscribes_nobody(
    klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    granted = klaviyo_samples.word(source="channel:other")
    await klaviyo_hook(klaviyo_samples.consent_event(granted), klaviyo_samples.customer(granted), channels=["web"])
    assert klaviyo.asked == []


async def test_an_id_that_another_profile_has_is_left_out(
    klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any
) -> None:
    error = {"id": "1", "code": "duplicate_profile", "title": "Conflict", "detail": "another profile has it"}
    klaviyo.answer(UPSERT, 409, {"errors": [error]})
    granted = klaviyo_samples.word()
    await klaviyo_hook(klaviyo_samples.consent_event(granted), klaviyo_samples.customer(granted))
    first, second = (asked.json["data"]["attributes"] for asked in klaviyo.calls(UPSERT))
    assert (first, second) == ({"email": BUYER, "external_id": str(UUID(int=42))}, {"email": BUYER})
    assert klaviyo.subscription(BUYER) == "SUBSCRIBED"


async def test_another_refusal_of_the_profile_is_one(klaviyo: Any, klaviyo_hook: Any, klaviyo_samples: Any) -> None:
    error = {"id": "1", "code": "invalid", "title": "Invalid", "detail": "Invalid email address"}
    klaviyo.answer(UPSERT, 400, {"errors": [error]})
    granted = klaviyo_samples.word()
    with pytest.raises(ProviderRefused, match="Invalid email address"):
        await klaviyo_hook(klaviyo_samples.consent_event(granted), klaviyo_samples.customer(granted))
    assert klaviyo.calls(SUBSCRIBE) == []


# --- what Klaviyo knows ---


def found(**marketing: Any) -> dict[str, Any]:
    return {"data": [{"attributes": {"subscriptions": {"email": {"marketing": marketing}}}}]}


def test_no_profile_stands_nowhere() -> None:
    assert read_standing({"data": []}, EMAIL) is None


def test_every_kind_of_no_has_its_time(klaviyo_samples: Any) -> None:
    at = klaviyo_samples.at
    standing = read_standing(
        found(
            consent="UNSUBSCRIBED",
            consent_timestamp="2026-11-20T09:30:15",
            suppression=[
                {"reason": "SPAM_COMPLAINT", "timestamp": "2026-11-20T10:30:15+01:00"},
                {"reason": "HARD_BOUNCE", "timestamp": "2030-01-01T00:00:00+00:00"},
            ],
        ),
        EMAIL,
    )
    assert standing == Standing("UNSUBSCRIBED", (at, at))
    assert standing.says_no_after(at - timedelta(seconds=1))
    assert not standing.says_no_after(at)


@pytest.mark.parametrize(
    "marketing",
    [
        {"consent": "UNSUBSCRIBED"},
        {"consent": "UNSUBSCRIBED", "consent_timestamp": "some time"},
        {"consent": "SUBSCRIBED", "suppression": [{"reason": "USER_SUPPRESSED"}]},
    ],
)
def test_a_no_without_a_time_stands_for_ever(marketing: dict[str, Any], klaviyo_samples: Any) -> None:
    standing = read_standing(found(**marketing), EMAIL)
    assert standing is not None
    assert standing.says_no_after(klaviyo_samples.recently)


def test_the_last_change_stands_in_for_the_time_of_a_no(klaviyo_samples: Any) -> None:
    marketing = {"consent": "UNSUBSCRIBED", "consent_timestamp": None, "last_updated": klaviyo_samples.at.isoformat()}
    assert read_standing(found(**marketing), EMAIL) == Standing("UNSUBSCRIBED", (klaviyo_samples.at,))


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"data": {}},
        {"data": ["x"]},
        {"data": [{"attributes": {}}]},
        found(),
        found(consent=None),
        found(consent="SUBSCRIBED", suppression="none"),
        found(consent="SUBSCRIBED", suppression=["x"]),
    ],
)
def test_an_answer_that_does_not_say_is_unreadable(payload: dict[str, Any]) -> None:
    with pytest.raises(AnswerUnreadable):
        read_standing(payload, EMAIL)
