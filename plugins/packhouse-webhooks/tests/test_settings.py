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


def test_a_name_is_small_letters() -> None:
    with pytest.raises(ValidationError, match="small letters"):
        WebhooksSettings.model_validate({"endpoints": {"My Shop": {"url": "https://a.example", "secrets": [GOOD]}}})
