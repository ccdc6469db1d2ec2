import logging
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Any

import pytest
from pydantic import ValidationError

from packhouse.sdk import ProviderError, PullsOrders, PushesShipments, ReadsWebhooks, WebhookRejected
from packhouse_shopify import Plugin, Settings, Shop, ShopifyChannel

PLANTED = "planted"


def test_is_found_by_its_entry_point() -> None:
    (found,) = entry_points(group="packhouse.plugins", name="shopify")
    assert found.load() is Plugin
    manifest = Plugin().plugin_manifest()
    assert (manifest.code, manifest.api, manifest.settings) == ("shopify", "1", Settings)


def test_registers_a_channel_a_shop_and_none_without(make_channel: Callable[..., ShopifyChannel]) -> None:
    channel = make_channel()
    assert (channel.code, channel.title) == ("shopify", "Shopify (example.myshopify.com)")
    assert isinstance(channel, ReadsWebhooks)
    assert isinstance(channel, PullsOrders)
    assert isinstance(channel, PushesShipments)

    class Empty:
        settings: Any = Settings()

    assert list(Plugin().register_channels(Empty())) == []  # type: ignore[arg-type]  # only its settings are looked at
    Empty.settings = None
    assert list(Plugin().register_channels(Empty())) == []  # type: ignore[arg-type]  # only its settings are looked at


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "example.com"},
        {"domain": "example.myshopify.com/x"},
        {"access_token": ""},
        {"access_token": "planted token"},
        {"webhook_secrets": ["planted", " "]},
        {"base_url": "http://elsewhere.example"},
        {"api_version": "latest"},
        {"max_age_seconds": 0},
        {"acces_token": "planted"},
    ],
)
def test_settings_that_cannot_work_are_refused_without_showing_secrets(change: dict[str, Any]) -> None:
    good = {"domain": "Example.myshopify.com", "access_token": "planted-token"}
    assert Shop.model_validate(good).domain == "example.myshopify.com"
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"shops": {"shopify": good | change}})
    assert PLANTED not in str(caught.value)


def test_a_channel_code_has_a_plain_form(make_shop: Callable[..., Shop]) -> None:
    with pytest.raises(ValidationError):
        Settings(shops={"Shop ify": make_shop()})


async def test_no_secret_is_shown_anywhere(
    admin: Any, channel: ShopifyChannel, make_shop: Callable[..., Shop], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen = [repr(channel), str(vars(channel)), repr(make_shop()), make_shop().model_dump_json()]
    token = make_shop().access_token.get_secret_value()
    answers: list[Any] = [
        {"errors": [{"message": f"token {token} and hush-planted-new are wrong"}]},
        (401, {}, token),
        (500, {}, token),
        "drop",
    ]
    for answer in answers:
        admin.on("OrdersPage", answer)
        with pytest.raises(ProviderError) as caught:
            await channel.pull_orders(datetime.now(UTC), None)
        error: BaseException | None = caught.value
        assert error
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
        seen += [str(error), repr(error)]
    with pytest.raises(WebhookRejected) as rejected:
        channel.verify_webhook({}, b"", datetime.now(UTC))
    seen += [str(rejected.value), caplog.text]
    assert [text for text in seen if PLANTED in text] == []
