"""Settings that could not work are refused, and no secret is shown."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from packhouse_webhooks import WebhooksSettings

GOOD = f"whsec_{base64.b64encode(bytes(32)).decode()}"


def read(**changed: Any) -> WebhooksSettings:
    endpoint = {"url": "https://shop.example.com/hooks", "secrets": [GOOD], **changed}
    return WebhooksSettings.model_validate({"endpoints": {changed.pop("name", "shop"): endpoint}})


def test_an_endpoint_needs_an_address_and_a_secret() -> None:
    assert read().endpoints["shop"].events == frozenset()
    assert GOOD not in repr(read())


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "ftp://shop.example.com"},
        {"url": "https://me@shop.example.com"},
        {"url": "https://:password@shop.example.com"},
        {"url": "https://@shop.example.com"},
        {"url": "https://shop.example.com\\@127.0.0.1"},
        {"url": "/hooks"},
        {"secrets": []},
        {"secrets": ["whsec_c2hvcnQ="]},
        {"secrets": [GOOD.removeprefix("whsec_")]},
        {"secrets": [f"whsec_{base64.b64encode(bytes(65)).decode()}"]},
        {"secrets": ["whsec_no base64 at all!"]},
        {"events": ["order_plaed"]},
        {"timeout": 31},
        {"unknown": 1},
    ],
)
def test_what_cannot_work_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        read(**changed)
    assert GOOD not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["https://169.254.169.254/latest", "https://[::1]/", "https://127.1/", "http://1.1.1.1/"]
)
def test_an_address_that_may_not_be_reached_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValidationError, match="the url of endpoint shop: "):
        read(url=url)


def test_an_address_of_an_allowed_network_is_taken() -> None:
    endpoint = {"url": "http://10.1.2.3:8080/hooks", "secrets": [GOOD]}
    read_settings = WebhooksSettings.model_validate(
        {"endpoints": {"shop": endpoint}, "allowed_networks": ["10.1.0.0/16"]}
    )
    assert read_settings.endpoints["shop"].url == "http://10.1.2.3:8080/hooks"


def test_a_name_is_small_letters() -> None:
    with pytest.raises(ValidationError, match="small letters"):
        WebhooksSettings.model_validate({"endpoints": {"My Shop": {"url": "https://a.example", "secrets": [GOOD]}}})
