"""Encrypts the secrets of plugins with a key that is derived from the house's own.

Who has the database alone reads none of them. A token says for which plugin and name it was made, and is refused elsewhere.
"""

import base64
from collections.abc import Sequence
from typing import Self

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from packhouse.sdk.errors import PackhouseError
from packhouse.settings import Settings
from packhouse.settings.sections import GENERATED_ORIGIN

_PURPOSE = b"packhouse plugin secrets 1"


class Undecipherable(PackhouseError):
    """A secret cannot be decrypted with any of the keys, or is not the one of its row."""


class Vault:
    """Seals with the first key, opens with each of them.

    `is_lasting`: the key is that of the next process, too; one that was made up for this process is not.
    """

    def __init__(self, keys: Sequence[str], *, is_lasting: bool = True) -> None:
        self.is_lasting = is_lasting
        fernets = [Fernet(_derived(key)) for key in keys]
        self._newest = fernets[0]
        self._all = MultiFernet(fernets)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The vault of a house, with its key and those that it had before.

        Raises:
            SettingsError: there is no secret key.
        """
        security = settings.security
        previous = [key.get_secret_value() for key in security.previous_secret_keys]
        is_lasting = settings.origin("security.secret_key") != GENERATED_ORIGIN
        return cls([security.require_secret_key(), *previous], is_lasting=is_lasting)

    def seal(self, plugin: str, name: str, secret: SecretStr) -> str:
        """The token to be kept."""
        return self._newest.encrypt(orjson.dumps([plugin, name, secret.get_secret_value()])).decode()

    def open(self, plugin: str, name: str, token: str) -> SecretStr:
        """The secret of a token.

        Raises:
            Undecipherable: no key fits, or it belongs to another plugin or name.
        """
        try:
            of, called, text = orjson.loads(self._all.decrypt(token))
        except (InvalidToken, ValueError):
            raise Undecipherable(f"the secret {name} of plugin {plugin} cannot be decrypted") from None
        if (of, called) != (plugin, name):
            raise Undecipherable(f"the secret {name} of plugin {plugin} is that of another")
        return SecretStr(text)

    def is_new(self, token: str) -> bool:
        """Whether a token was made with the key of today."""
        try:
            self._newest.decrypt(token)
        except InvalidToken:
            return False
        return True


def _derived(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(derived)
