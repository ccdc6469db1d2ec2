from datetime import UTC, datetime
from typing import Any

import pytest

from packhouse.sdk import ConsentPurpose, ConsentState, IncomingConsent
from packhouse_shopify.consents import read_consents
from packhouse_shopify.fields import Fields

PLACED = datetime(2026, 11, 20, 9, tzinfo=UTC)
SAID = "2026-10-02T10:00:00+02:00"
EMAIL, SMS = ConsentPurpose.MARKETING_EMAIL, ConsentPurpose.MARKETING_SMS


def read(customer: dict[str, Any] | None, **order: Any) -> tuple[IncomingConsent, ...]:
    return read_consents(Fields(order), None if customer is None else Fields(customer, "customer"), PLACED)


def word(state: str, at: str | None = SAID) -> dict[str, Any]:
    return {"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": at}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("subscribed", ConsentState.GRANTED),
        ("SUBSCRIBED", ConsentState.GRANTED),
        ("unsubscribed", ConsentState.DENIED),
        ("redacted", ConsentState.DENIED),
        ("pending", ConsentState.UNKNOWN),
    ],
)
def test_a_word_has_the_time_and_the_address_that_shopify_keeps(said: str, state: ConsentState) -> None:
    customer = {
        "email": "a@example.com",
        "phone": "+441134960000",
        "email_marketing_consent": word(said),
        "sms_marketing_consent": word(said) | {"consent_collected_from": "SHOPIFY"},
    }
    at, evidence = datetime(2026, 10, 2, 8, tzinfo=UTC), f"Shopify says {said.lower()}, opt-in level single_opt_in"
    assert read(customer) == (
        IncomingConsent(EMAIL, state, at, "a@example.com", evidence),
        IncomingConsent(SMS, state, at, "+441134960000", f"{evidence}, collected from shopify"),
    )


@pytest.mark.parametrize("said", ["not_subscribed", "invalid", "something new", ""])
def test_what_is_no_word_of_the_customers_is_none(said: str) -> None:
    assert read({"email_marketing_consent": word(said), "sms_marketing_consent": word(said)}) == ()


def test_a_box_ticked_at_the_checkout_counts_where_nothing_else_is_said() -> None:
    ticked = {"buyer_accepts_marketing": True, "email": "b@example.com"}
    granted = IncomingConsent(
        EMAIL, ConsentState.GRANTED, PLACED, "b@example.com", "the order says buyer_accepts_marketing"
    )
    assert read(None, **ticked) == (granted,)
    assert read({"email": "a@example.com"}, **ticked) == (granted,)
    assert read({"email_marketing_consent": word("pending")}, **ticked)[0].state is ConsentState.UNKNOWN
    assert read({"email_marketing_consent": word("not_subscribed")}, **ticked) == ()


def test_a_box_that_is_not_ticked_says_nothing() -> None:
    assert read({"email": "a@example.com"}, buyer_accepts_marketing=False) == ()
    assert read(None) == ()


@pytest.mark.parametrize("at", [None, "soon", "2026-10-02T10:00:00"])
def test_a_time_that_cannot_be_read_is_none(at: str | None) -> None:
    (consent,) = read({"email_marketing_consent": word("subscribed", at)})
    assert consent.given_at is None
