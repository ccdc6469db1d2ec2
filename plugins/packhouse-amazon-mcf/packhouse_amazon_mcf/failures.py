"""What a call to Amazon that did not work means: which ProviderError, and what of the answer may be shown.

A call with an effect that was sent and got no clear answer is in doubt; the same for a read is only unavailable. SP-API says
`{"errors": [{"code", "message", "details"}]}`, Login with Amazon `{"error", "error_description"}`.
"""

from collections.abc import Callable, Mapping
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

RATE_HEADER = "x-amzn-RateLimit-Limit"
QUOTA_EXCEEDED = "QuotaExceeded"
# Amazon's own "try again later", whatever the status.
TRANSIENT = frozenset({"InternalFailure", "InternalError", "ServiceUnavailable"})
_DEFAULT_RETRY_AFTER = 2.0
_LONGEST_RETRY_AFTER = 3600.0
_SHOWN_CHARACTERS = 300


class AnswerUnreadable(Exception):
    """An answer has not the form that Amazon describes. The message names the field and holds nothing of its content."""


class NotFound(ProviderRefused):
    """Amazon does not know what was asked for (HTTP 404 with one of its error codes)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def parsed(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a body; None where it is something else (HTML of a proxy, half an answer, nothing)."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def amazon_error(payload: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Code and message of the first error in an answer; None where there is none."""
    found = (payload or {}).get("errors")
    for error in found if isinstance(found, list) else [found]:
        if isinstance(error, Mapping) and isinstance(error.get("code"), str) and error["code"]:
            details = error.get("details")
            words = [str(each) for each in (error.get("message"), details) if isinstance(each, str) and each]
            return error["code"], ": ".join(words)
    code = (payload or {}).get("error")
    if isinstance(code, str) and code:
        return code, str((payload or {}).get("error_description") or "")
    return None


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """Seconds to wait: Retry-After in seconds or as a date, else until the rate gives another call; an hour at most."""
    value = headers.get("Retry-After", "").strip()
    try:
        seconds = float(value) if value.isdecimal() else _until(value, now or datetime.now(UTC))
    except ValueError:
        seconds = _by_rate(headers.get(RATE_HEADER, ""))
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)


def _until(value: str, now: datetime) -> float:
    moment = parsedate_to_datetime(value)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()


def _by_rate(limit: str) -> float:
    try:
        rate = float(limit)
    except ValueError:
        return _DEFAULT_RETRY_AFTER
    return max(1.0 / rate, _DEFAULT_RETRY_AFTER) if rate > 0 else _DEFAULT_RETRY_AFTER


def unclear(name: str, what: str, *, effect: bool, code: str = "") -> ProviderError:
    """The error of a call that was sent and not clearly answered."""
    if effect:
        return ProviderInDoubt(f"Amazon may or may not have done it ({name}): {what}", code=code)
    return ProviderUnavailable(f"Amazon could not be read ({name}): {what}", code=code)


def failure(answer: Answer, name: str, *, effect: bool, hide: Callable[[str], str]) -> ProviderError | None:
    """The error that an answer means; None for a success. `hide` takes secrets out of Amazon's own words."""
    payload = parsed(answer.body)
    found = amazon_error(payload)
    success = 200 <= answer.status < 300  # noqa: PLR2004
    if success and found is None:
        return None
    code, message = found or (f"HTTP_{answer.status}", f"HTTP status {answer.status} without one of its error codes")
    shown = hide(f"Amazon {name}: {message} ({code})")[:_SHOWN_CHARACTERS]
    if answer.status in {401, 403}:
        return ProviderAuthFailed(shown, code=code)
    if answer.status == 429 or code == QUOTA_EXCEEDED:  # noqa: PLR2004
        return ProviderRateLimited(shown, retry_after=retry_after(answer.headers), code=code)
    if answer.status == 404 and found is not None:  # noqa: PLR2004
        return NotFound(shown, code=code)
    client_fault = success or 400 <= answer.status < 500  # noqa: PLR2004
    if client_fault and found is not None and code not in TRANSIENT:
        return ProviderRefused(shown, code=code)
    if client_fault and found is None and not effect and payload is not None:
        return ProviderRefused(shown, code=code)
    return unclear(name, shown, effect=effect, code=code)
