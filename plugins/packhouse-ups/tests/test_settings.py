from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from packhouse.sdk import Address
from packhouse_ups import ShipperSettings, UpsSettings


def test_without_settings_there_is_no_account() -> None:
    assert UpsSettings().is_configured is False
    with pytest.raises(ValueError, match="no shipper address"):
        _ = UpsSettings().shipper_address


def test_the_address_of_the_account(ups_settings_for: Callable[..., UpsSettings]) -> None:
    settings = ups_settings_for()
    assert settings.is_configured is True
    assert settings.shipper_address == Address(
        name="Dispatch",
        company="Example Ltd",
        line1="1 Example Street",
        city="London",
        postcode="EC1A 1BB",
        country="GB",
        phone="+44 20 0000 0000",
    )


@pytest.mark.parametrize("missing", ["client_id", "client_secret", "account_number", "shipper"])
def test_half_an_account_is_refused(missing: str, ups_shipper: ShipperSettings) -> None:
    values = {
        "client_id": "id",
        "client_secret": "planted-secret-3f9a",
        "account_number": "A1B2C3",
        "shipper": ups_shipper,
    }
    del values[missing]
    with pytest.raises(ValidationError, match=f"UPS also needs: {missing}") as refused:
        UpsSettings.model_validate(values)
    assert "planted-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_number", "12345"),
        ("client_id", "a:b"),
        ("label_format", "PDF"),
        ("base_url", "http://onlinetools.ups.com"),
        ("base_url", "onlinetools.ups.com"),
        ("base_url", "https://name:word@onlinetools.ups.com"),
        ("timeout", 0),
        ("colour", "brown"),
    ],
)
def test_what_cannot_work_is_refused(field: str, value: Any, ups_settings_for: Callable[..., UpsSettings]) -> None:
    with pytest.raises(ValidationError):
        ups_settings_for(**{field: value})


def test_an_account_number_of_digits_may_come_as_a_number(ups_settings_for: Callable[..., UpsSettings]) -> None:
    assert ups_settings_for(account_number=123456).account_number == "123456"


def test_the_secret_is_in_no_repr(ups_settings_for: Callable[..., UpsSettings]) -> None:
    settings = ups_settings_for()
    assert "planted-secret" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
