from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from packhouse_klaviyo import AccountSettings, KlaviyoSettings


def test_the_careful_choice_is_the_default() -> None:
    account = AccountSettings.model_validate({"api_key": "pk_planted-key-3f9a"})
    assert (account.without_consent, account.channels, account.skip_tags) == ("nothing", set(), {"test-order"})
    assert (account.base_url, account.list_id) == ("https://a.klaviyo.com", "")
    assert KlaviyoSettings().accounts == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("api_key", ""),
        ("api_key", "pk_ with blanks"),
        ("api_key", "pk_1\n2345678"),
        ("without_consent", "marketing"),
        ("list_id", "a/b"),
        ("base_url", "http://a.klaviyo.com"),
        ("base_url", "a.klaviyo.com"),
        ("base_url", "https://name:word@a.klaviyo.com"),
        ("backfill_after_days", -1),
        ("timeout", 0),
        ("colour", "blue"),
    ],
)
def test_what_cannot_work_is_refused(field: str, value: Any, klaviyo_account: Callable[..., AccountSettings]) -> None:
    with pytest.raises(ValidationError) as refused:
        klaviyo_account(**{field: value})
    assert "planted-key" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "Main", "-main", "a" * 33, "a b"])
def test_an_accounts_name_can_stand_in_deliveries(name: str, klaviyo_account: Callable[..., AccountSettings]) -> None:
    with pytest.raises(ValidationError):
        KlaviyoSettings.model_validate({"accounts": {name: klaviyo_account()}})


def test_the_key_is_in_no_repr(klaviyo_account: Callable[..., AccountSettings]) -> None:
    settings = KlaviyoSettings(accounts={"main": klaviyo_account()})
    assert "planted-key" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_an_account_serves_its_channels(klaviyo_account: Callable[..., AccountSettings]) -> None:
    assert klaviyo_account().serves("anything")
    assert klaviyo_account(channels=["web"]).serves("web")
    assert not klaviyo_account(channels=["web"]).serves("other")
