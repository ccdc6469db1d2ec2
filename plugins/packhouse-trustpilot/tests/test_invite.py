from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from packhouse.sdk import ProviderInDoubt, ProviderRefused, ReviewInvitation, ReviewProduct
from packhouse_trustpilot import TrustpilotProvider, TrustpilotSettings
from packhouse_trustpilot.invite import build_invitation, locale_of

INVITE = "/v1/private/business-units/46d6a890/email-invitations"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EARLY = datetime(2026, 11, 20, tzinfo=UTC)


def test_everything_that_trustpilot_takes(
    trustpilot_invitation: ReviewInvitation, trustpilot_settings_for: Callable[..., TrustpilotSettings]
) -> None:
    settings = trustpilot_settings_for(
        reply_to="help@example.com",
        location_id="leeds",
        service_template_id="t1",
        product_template_id="t2",
        product_delay_days=3,
        product_url="https://shop.example/products/{sku}",
        product_image_url="https://shop.example/{sku}.jpg",
        redirect_uri="https://shop.example/thanks",
        tags=["web"],
    )
    slashed = ReviewProduct("A/B 1", "")
    call = build_invitation(
        replace(trustpilot_invitation, products=(*trustpilot_invitation.products, slashed)), settings, EARLY
    )
    assert (call.method, f"/v1{call.path}", call.effect, call.invites) == ("POST", INVITE, True, True)
    assert call.body == {
        "type": "email",
        "replyTo": "help@example.com",
        "locale": "en-GB",
        "senderName": "Example Ltd",
        "senderEmail": "noreply@example.com",
        "referenceNumber": "PH-1001",
        "consumerName": "A Buyer",
        "consumerEmail": "buyer@example.com",
        "locationId": "leeds",
        "serviceReviewInvitation": {
            "templateId": "t1",
            "preferredSendTime": "11/22/2026 09:00:00",
            "redirectUri": "https://shop.example/thanks",
            "tags": ["web"],
        },
        "productReviewInvitation": {
            "templateId": "t2",
            "preferredSendTime": "11/25/2026 09:00:00",
            "redirectUri": "https://shop.example/thanks",
            "products": [
                {
                    "sku": "MUG-BLUE",
                    "name": "Blue mug",
                    "gtin": "5012345678900",
                    "productUrl": "https://shop.example/mug",
                    "imageUrl": "https://shop.example/m.jpg",
                },
                {
                    "sku": "PLATE",
                    "name": "Plate",
                    "productUrl": "https://shop.example/products/PLATE",
                    "imageUrl": "https://shop.example/PLATE.jpg",
                },
                {
                    "sku": "A/B 1",
                    "name": "A/B 1",
                    "productUrl": "https://shop.example/products/A%2FB%201",
                    "imageUrl": "https://shop.example/A%2FB%201.jpg",
                },
            ],
        },
    }


def test_what_is_not_known_is_left_out(
    trustpilot_invitation: ReviewInvitation, trustpilot_settings_for: Callable[..., TrustpilotSettings]
) -> None:
    bare = replace(
        trustpilot_invitation, customer_name=" ", products=(ReviewProduct("PLATE", "Plate", barcode="SHELF-7"),)
    )
    body: Any = build_invitation(bare, trustpilot_settings_for(reference="invitation"), NOON).body
    assert (body["replyTo"], body["consumerName"]) == ("noreply@example.com", "Customer")
    assert body["referenceNumber"] == bare.reference
    # the time has passed: now
    assert body["serviceReviewInvitation"] == {"preferredSendTime": "11/22/2026 12:00:00"}
    assert body["productReviewInvitation"]["products"] == [{"sku": "PLATE", "name": "Plate"}]


def test_one_of_the_two_is_asked_for(
    trustpilot_invitation: ReviewInvitation, trustpilot_settings_for: Callable[..., TrustpilotSettings]
) -> None:
    service: Any = build_invitation(trustpilot_invitation, trustpilot_settings_for(product_reviews=False), NOON).body
    assert "productReviewInvitation" not in service
    only_products = trustpilot_settings_for(service_reviews=False)
    products: Any = build_invitation(trustpilot_invitation, only_products, NOON).body
    assert "serviceReviewInvitation" not in products
    with pytest.raises(ProviderRefused) as refused:
        build_invitation(replace(trustpilot_invitation, products=()), only_products, NOON)
    assert refused.value.code == "NOTHING_TO_ASK"


@pytest.mark.parametrize(
    ("locale", "country", "expected"),
    [
        ("en-GB", "DE", "en-GB"),
        ("de", "AT", "de-AT"),
        ("zh-Hant-TW", "", "zh-TW"),
        ("de", "", "en-GB"),
        ("", "FR", "fr-FR"),
        ("", "XX", "en-GB"),
        ("x", "FR", "fr-FR"),
    ],
)
def test_the_customers_language(
    *,
    locale: str,
    country: str,
    expected: str,
    trustpilot_invitation: ReviewInvitation,
    trustpilot_settings_for: Callable[..., TrustpilotSettings],
) -> None:
    invitation = replace(trustpilot_invitation, locale=locale, country=country)
    assert locale_of(invitation, trustpilot_settings_for(locales={"FR": "fr-FR"})) == expected


async def test_an_invitation_is_taken(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider, trustpilot_invitation: ReviewInvitation
) -> None:
    trustpilot_host.answer(INVITE, status=202)
    assert await trustpilot_provider.invite(trustpilot_invitation) == "PH-1001"
    (asked,) = trustpilot_host.asked(INVITE)
    assert asked.headers["Authorization"] == "Bearer first-token-a1b2"
    assert asked.headers["x-business-user-id"] == "507f191e810c19729de860ea"
    assert asked.json["consumerEmail"] == "buyer@example.com"


async def test_who_has_unsubscribed_is_refused_with_the_reason(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider, trustpilot_invitation: ReviewInvitation
) -> None:
    trustpilot_host.answer(INVITE, "refusal", status=400)
    with pytest.raises(ProviderRefused) as refused:
        await trustpilot_provider.invite(trustpilot_invitation)
    assert refused.value.code == "1303"
    assert refused.value.detail == (
        "Trustpilot invitation: The consumer has unsubscribed from invitations (HTTP 400, 1303)"
    )


async def test_an_invitation_that_is_answered_by_something_else_is_in_doubt(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider, trustpilot_invitation: ReviewInvitation
) -> None:
    trustpilot_host.answer(INVITE, raw=b"<html>Welcome to the hotel's network</html>")
    with pytest.raises(ProviderInDoubt):
        await trustpilot_provider.invite(trustpilot_invitation)
