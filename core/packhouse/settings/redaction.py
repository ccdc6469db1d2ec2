"""Hides secrets in what is shown: by the name of the key, and passwords inside addresses."""

import re
from typing import Any

HIDDEN = "********"

_TELLING_NAMES = "secret|token|passw|passphrase|key|credential"
_TELLING = re.compile(_TELLING_NAMES, re.IGNORECASE)
_USER_INFO = re.compile(r"(?P<scheme>[A-Za-z][\w+.-]*://)(?P<user>[^:@]*):.*@", re.DOTALL)
_SECRET_PARAMETER = re.compile(rf"(?P<name>[?&][^=&]*(?:{_TELLING_NAMES})[^=&]*=)[^&#]*", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Say whether a key of this name holds a secret (`webhook_secret`, `api_key`, `accessToken`)."""
    return _TELLING.search(name) is not None


def hide_password(address: str) -> str:
    """Return the address with the password before `@` and secret query parameters hidden.

    The password runs to the last `@`, so that one with an unescaped `@` or `/` is hidden whole.
    """
    without_password = _USER_INFO.sub(rf"\g<scheme>\g<user>:{HIDDEN}@", address)
    return _SECRET_PARAMETER.sub(rf"\g<name>{HIDDEN}", without_password)


def hide_secrets(value: Any, *, secret: bool = False) -> Any:  # noqa: ANN401 - a free value of a plugin's table
    """Return a copy of a free value (tables and lists of anything) with all its secrets hidden.

    Args:
        value: What was set.
        secret: Whether the key above it already says that everything below is secret.
    """
    if isinstance(value, dict):
        return {name: hide_secrets(each, secret=secret or is_secret_name(str(name))) for name, each in value.items()}
    if isinstance(value, list):
        return [hide_secrets(each, secret=secret) for each in value]
    if secret:
        # an empty one is shown as it is: the reader looks for the secret that was forgotten
        return value if value in ("", None) else HIDDEN
    return hide_password(value) if isinstance(value, str) else value
