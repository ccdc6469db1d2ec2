import time
from uuid import UUID

import pytest
from itsdangerous import URLSafeTimedSerializer

from packhouse.sdk import new_id
from packhouse.settings import SecuritySettings, SettingsError
from packhouse.web.tracking_link import read_tracking_link, sign_tracking_link

KEY = "a key of tests, long enough to be accepted"
SECURITY = SecuritySettings.model_validate({"secret_key": KEY, "tracking_link_days": 2})
ORDER = new_id()


def test_a_link_names_its_order_and_nothing_else() -> None:
    token = sign_tracking_link(SECURITY, ORDER)
    assert read_tracking_link(SECURITY, token) == ORDER
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign_tracking_link(SECURITY, ORDER)
    issued = time.time()
    monkeypatch.setattr(time, "time", lambda: issued + 2 * 86_400 - 5)
    assert read_tracking_link(SECURITY, token) == ORDER
    monkeypatch.setattr(time, "time", lambda: issued + 2 * 86_400 + 5)
    assert read_tracking_link(SECURITY, token) is None


def test_a_forged_one_is_none() -> None:
    token = sign_tracking_link(SECURITY, ORDER)
    other_key = SecuritySettings.model_validate({"secret_key": KEY[::-1]})
    other_salt = str(URLSafeTimedSerializer(KEY, salt="reset").dumps(ORDER.hex))
    other_payload = str(URLSafeTimedSerializer(KEY, salt="packhouse.tracking-link").dumps({"order": 1}))
    for forged in ("", ".", "x" * 5000, token[:-1], token + "x", str(ORDER), "ä", other_salt, other_payload):
        assert read_tracking_link(SECURITY, forged) is None
    assert read_tracking_link(other_key, token) is None


def test_one_signed_with_a_previous_key_is_still_read() -> None:
    old = sign_tracking_link(SECURITY, ORDER)
    changed = SecuritySettings.model_validate(
        {"secret_key": KEY[::-1], "previous_secret_keys": ["x" * 32, KEY], "tracking_link_days": 2}
    )
    assert read_tracking_link(changed, old) == ORDER
    fresh = sign_tracking_link(changed, ORDER)
    assert read_tracking_link(changed, fresh) == ORDER
    assert read_tracking_link(SECURITY, fresh) is None


def test_without_a_key_nothing_is_signed() -> None:
    with pytest.raises(SettingsError):
        sign_tracking_link(SecuritySettings(), UUID(int=0))
