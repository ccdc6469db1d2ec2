from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from packhouse_trustpilot import TrustpilotSettings


def test_nothing_is_needed_until_something_is_given() -> None:
    assert not TrustpilotSettings().is_configured
    assert TrustpilotSettings(locale="de-DE").locale == "de-DE"


def test_all_that_is_needed(trustpilot_settings_for: Callable[..., TrustpilotSettings]) -> None:
    settings = trustpilot_settings_for("https://api.trustpilot.com/")
    assert settings.is_configured
    assert settings.base_url == "https://api.trustpilot.com"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"sender_email": ""}, "also needs: sender_email"),
        ({"api_secret": "", "sender_name": ""}, "also needs: api_secret, sender_name"),
        ({"username": "somebody"}, "needs both username and password"),
        ({"password": "something"}, "needs both username and password"),
        ({"service_reviews": False, "product_reviews": False}, "or for both"),
        ({"api_key": "a:b"}, "it has no colon"),
        ({"sender_email": "no address"}, "sender_email"),
        ({"business_unit_id": "../x"}, "business_unit_id"),
        ({"locale": "english"}, "locale"),
        ({"locales": {"Germany": "de-DE"}}, "locales"),
        ({"product_url": "https://shop.example/all"}, "{sku}"),
        ({"product_image_url": "shop.example/{sku}"}, "{sku}"),
        ({"base_url": "http://api.trustpilot.com"}, "must be https"),
        ({"invitations_url": "https://user@host"}, "a scheme and a host"),
        ({"calls_per_five_minutes": 834}, "calls_per_five_minutes"),
        ({"api_kye": "typo"}, "api_kye"),
    ],
)
def test_what_cannot_be(
    changes: dict[str, Any], complaint: str, trustpilot_settings_for: Callable[..., TrustpilotSettings]
) -> None:
    with pytest.raises(ValidationError) as invalid:
        trustpilot_settings_for(**changes)
    assert complaint in str(invalid.value)


def test_secrets_are_not_shown(trustpilot_settings_for: Callable[..., TrustpilotSettings]) -> None:
    settings = trustpilot_settings_for(username="somebody", password="planted-password-77")
    assert "planted" not in f"{settings!r} {settings}"
