from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from packhouse_amazon_mcf import AmazonMcfSettings

CREDENTIALS = {"client_id": "id", "client_secret": "secret-1", "refresh_token": "refresh-1"}


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://sellingpartnerapi-na.amazon.com"),
        ({"region": "eu"}, "https://sellingpartnerapi-eu.amazon.com"),
        ({"region": "fe", "sandbox": True}, "https://sandbox.sellingpartnerapi-fe.amazon.com"),
        ({"base_url": "http://127.0.0.1:8080/"}, "http://127.0.0.1:8080"),
    ],
)
def test_the_host_of_a_region(changes: dict[str, Any], url: str) -> None:
    assert AmazonMcfSettings.model_validate(CREDENTIALS | changes).api_url == url


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"client_secret": ""}, "Amazon also needs: client_secret"),
        ({"client_id": "", "client_secret": ""}, "Amazon also needs: client_id, client_secret"),
        ({"region": "us"}, "region"),
        ({"base_url": "http://amazon.example"}, "expected https"),
        ({"base_url": "https://user@amazon.example"}, "expected a scheme and a host"),
        ({"token_url": "ftp://api.amazon.com"}, "expected https"),
        ({"packing_slip_text": "Thank you"}, "packing_slip_text and packing_slip_template belong together"),
        ({"skus": {"A": "X", "B": "X"}}, "two of ours have the same SKU at Amazon"),
        ({"locations": {"fba": {"marketplace": "A1F83G8C2ARO7P"}}}, "Extra inputs are not permitted"),
        ({"locations": {"fba": {"country": "gb"}}}, "country"),
        ({"rate_factor": 0}, "rate_factor"),
        ({"refresh": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        AmazonMcfSettings.model_validate(CREDENTIALS | changes)


def test_nothing_at_all_is_no_seller() -> None:
    assert not AmazonMcfSettings().is_configured


def test_secrets_are_not_shown(amazon_settings_for: Callable[..., AmazonMcfSettings]) -> None:
    assert "planted" not in repr(amazon_settings_for())


def test_skus_and_locations_have_what_is_known_of_them(amazon_settings_for: Callable[..., AmazonMcfSettings]) -> None:
    settings = amazon_settings_for()
    assert (settings.amazon_sku("MUG"), settings.amazon_sku("PLATE")) == ("MUG-FBA", "PLATE")
    assert settings.own_skus() == {"MUG-FBA": "MUG"}
    assert (settings.location("fba-uk").country, settings.location("elsewhere").country) == ("GB", "")
