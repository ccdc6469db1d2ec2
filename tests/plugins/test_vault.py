import pytest
from pydantic import SecretStr

from packhouse.plugins.vault import Undecipherable, Vault
from packhouse.settings import Settings, SettingsError

OLD, NEW = "an old key of a test with 32 characters", "a new key of a test with 32 characters"
PLANTED = SecretStr("planted-in-a-test-and-looked-for-🔑")


def test_what_was_sealed_is_opened_and_is_not_in_the_token() -> None:
    vault = Vault([NEW])
    token = vault.seal("ups", "client_secret", PLANTED)
    assert vault.open("ups", "client_secret", token) == PLANTED
    assert "planted" not in token
    assert vault.seal("ups", "client_secret", PLANTED) != token


def test_a_token_is_of_no_use_in_another_row() -> None:
    vault = Vault([NEW])
    token = vault.seal("ups", "client_secret", PLANTED)
    for plugin, name in (("shopify", "client_secret"), ("ups", "other")):
        with pytest.raises(Undecipherable, match=f"the secret {name} of plugin {plugin} is that of another"):
            vault.open(plugin, name, token)


@pytest.mark.parametrize("broken", ["", "x", "gAAAAA", "ä"])
def test_what_no_key_opens_is_refused_without_a_trace_of_it(broken: str) -> None:
    token = Vault([OLD]).seal("ups", "pin", PLANTED)
    for each in (broken, token, token[:-2] + "A="):
        with pytest.raises(Undecipherable, match=r"^the secret pin of plugin ups cannot be decrypted$"):
            Vault([NEW]).open("ups", "pin", each)


def test_previous_keys_open_and_the_newest_seals() -> None:
    old = Vault([OLD]).seal("ups", "pin", PLANTED)
    both = Vault.of(Settings.model_validate({"security": {"secret_key": NEW, "previous_secret_keys": [OLD]}}))
    assert both.open("ups", "pin", old) == PLANTED
    assert not both.is_new(old)
    renewed = both.seal("ups", "pin", PLANTED)
    assert both.is_new(renewed)
    assert Vault([NEW]).open("ups", "pin", renewed) == PLANTED


def test_without_a_key_there_is_no_vault() -> None:
    with pytest.raises(SettingsError):
        Vault.of(Settings())
