"""What a call to Trustpilot that did not work means: which ProviderError, and what of the answer may be shown.

A call with an effect (an invitation, a reply) that was sent and got no clear answer is in doubt; the same for a read is only
unavailable. A refusal is clear when Trustpilot itself gives it: 4xx with JSON, or without any body.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)

_DEFAULT_RETRY_AFTER = 60.0
_LONGEST_RETRY_AFTER = 3600.0
_SHOWN_CHARACTERS = 300
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 401, 403, 404, 429
# The server gave up waiting, or does not want to try yet: neither says no.
_NO_ANSWER = frozenset({408, 425})
_WORDS = ("message", "error_description", "error", "reason", "details")
_CODES = ("errorCode", "code", "error")
# What is longer is no code, and may repeat what it was sent.
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,32}")


class AnswerUnreadable(Exception):
    """An answer has not the form that Trustpilot describes. The message names the field and holds nothing of its content."""


class NotFound(ProviderRefused):
    """Trustpilot does not know what was asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def parsed(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a body; None where it is something else (HTML of a proxy, half an answer)."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """Seconds to wait, from Retry-After in seconds or as a date; a minute where Trustpilot does not say, an hour at most."""
    value = headers.get("Retry-After", "").strip()
    try:
        seconds = float(value) if value.isdecimal() else _until(value, now or datetime.now(UTC))
    except ValueError:
        seconds = _DEFAULT_RETRY_AFTER
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)


def _until(value: str, now: datetime) -> float:
    moment = parsedate_to_datetime(value)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()


def unclear(name: str, what: str, *, effect: bool, code: str = "") -> ProviderError:
    """The error of a call that was sent and not clearly answered."""
    if effect:
        return ProviderInDoubt(f"Trustpilot may or may not have done it ({name}): {what}", code=code)
    return ProviderUnavailable(f"Trustpilot could not be read ({name}): {what}", code=code)


def failure(answer: Answer, name: str, *, effect: bool, hide: Callable[[str], str]) -> ProviderError | None:
    """The error that an answer means; None for a success. `hide` takes secrets out of Trustpilot's own words."""
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004
        return None
    payload = parsed(answer.body)
    code = next((code for code in _texts(payload, _CODES) if _CODE.fullmatch(code)), f"HTTP_{status}")
    words = next(_texts(payload, _WORDS), "it gave no reason")
    shown = hide(f"Trustpilot {name}: {words} (HTTP {status}, {code})")[:_SHOWN_CHARACTERS]
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return ProviderAuthFailed(shown, code=code)
    if status == _TOO_MANY:
        return ProviderRateLimited(shown, retry_after=retry_after(answer.headers), code=code)
    is_its_own = payload is not None or not answer.body.strip()
    if 400 <= status < 500 and status not in _NO_ANSWER and is_its_own:  # noqa: PLR2004
        kind = NotFound if status == _NOT_FOUND else ProviderRefused
        return kind(shown, code=code)
    return unclear(name, shown, effect=effect, code=code)


def _texts(payload: Mapping[str, Any] | None, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = (payload or {}).get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            yield str(value).strip()
