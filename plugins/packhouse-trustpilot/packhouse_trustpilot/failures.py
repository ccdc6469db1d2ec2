"""What a call to Trustpilot that did not work means: which ProviderError, and what of the answer may be shown.

A call with an effect (an invitation, a reply) that was sent and got no clear answer is in doubt; the same for a read is only
unavailable. A refusal is clear when Trustpilot itself gives it: 4xx with JSON, or without any body.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    Vendor,
    VendorAnswer,
)

_DEFAULT_RETRY_AFTER = 60.0
_SHOWN_CHARACTERS = 300
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 401, 403, 404, 429
# The server gave up waiting, or does not want to try yet: neither says no.
_NO_ANSWER = frozenset({408, 425})
_WORDS = ("message", "error_description", "error", "reason", "details")
_CODES = ("errorCode", "code", "error")
# What is longer is no code, and may repeat what it was sent.
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,32}")


class NotFound(ProviderRefused):
    """Trustpilot does not know what was asked for."""


def failure(vendor: Vendor, answer: VendorAnswer, name: str, *, effect: bool) -> ProviderError | None:
    """The error that an answer means; None for a success. No secret is in its words."""
    status = answer.status
    if answer.is_success:
        return None
    payload = answer.json
    code = next((code for code in _texts(payload, _CODES) if _CODE.fullmatch(code)), f"HTTP_{status}")
    words = next(_texts(payload, _WORDS), "it gave no reason")
    shown = vendor.hide(f"Trustpilot {name}: {words} (HTTP {status}, {code})")[:_SHOWN_CHARACTERS]
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return ProviderAuthFailed(shown, code=code)
    if status == _TOO_MANY:
        return ProviderRateLimited(shown, retry_after=answer.retry_after(_DEFAULT_RETRY_AFTER), code=code)
    is_its_own = payload is not None or not answer.body.strip()
    if 400 <= status < 500 and status not in _NO_ANSWER and is_its_own:  # noqa: PLR2004
        kind = NotFound if status == _NOT_FOUND else ProviderRefused
        return kind(shown, code=code)
    return vendor.unclear(name, shown, effect=effect, code=code)


def _texts(payload: Mapping[str, Any] | None, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = (payload or {}).get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            yield str(value).strip()
