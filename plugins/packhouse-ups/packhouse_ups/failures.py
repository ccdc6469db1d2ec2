"""What a call to UPS that did not work means: which ProviderError, and what of the answer may be shown.

A call with an effect (buying or voiding a label) that was sent and got no clear answer is in doubt; the same for a read
is only unavailable. A refusal is clear when it carries a UPS error code.
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

RATE_LIMIT_CODE = "10429"
# UPS's own "try again later": general process failure, void and label recovery not available at this time.
TRANSIENT_CODES = frozenset({"20001", "190001", "300000"})
_DEFAULT_RETRY_AFTER = 10.0
_LONGEST_RETRY_AFTER = 3600.0
_SHOWN_CHARACTERS = 300


class AnswerUnreadable(Exception):
    """An answer has not the form that UPS describes. The message names the field and holds nothing of its content."""


class NotFound(ProviderRefused):
    """UPS does not know what was asked for (HTTP 404 with a UPS error code)."""


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


def ups_error(payload: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Code and message of UPS's first error: `{"response": {"errors": [{"code", "message"}]}}`, array or object."""
    response = (payload or {}).get("response")
    errors = response.get("errors") if isinstance(response, Mapping) else None
    for error in errors if isinstance(errors, list) else [errors]:
        if isinstance(error, Mapping) and error.get("code"):
            return str(error["code"]), str(error.get("message") or "")
    return None


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """Seconds to wait, from Retry-After in seconds or as a date; ten where UPS does not say, an hour at most."""
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
        return ProviderInDoubt(f"UPS may or may not have done it ({name}): {what}", code=code)
    return ProviderUnavailable(f"UPS could not be read ({name}): {what}", code=code)


def failure(answer: Answer, name: str, *, effect: bool, hide: Callable[[str], str]) -> ProviderError | None:
    """The error that an answer means; None for a success. `hide` takes secrets out of UPS's own words."""
    found = ups_error(parsed(answer.body))
    success = 200 <= answer.status < 300  # noqa: PLR2004
    if success and found is None:
        return None
    code, message = found or (f"HTTP_{answer.status}", f"HTTP status {answer.status} without a UPS error code")
    shown = hide(f"UPS {name}: {message} ({code})")[:_SHOWN_CHARACTERS]
    if answer.status in {401, 403}:
        return ProviderAuthFailed(shown, code=code)
    if answer.status == 429 or code == RATE_LIMIT_CODE:  # noqa: PLR2004
        return ProviderRateLimited(shown, retry_after=retry_after(answer.headers), code=code)
    if answer.status == 404 and found is not None:  # noqa: PLR2004
        return NotFound(shown, code=code)
    client_fault = success or 400 <= answer.status < 500  # noqa: PLR2004
    if client_fault and found is not None and code not in TRANSIENT_CODES:
        return ProviderRefused(shown, code=code)
    if client_fault and found is None and not effect and parsed(answer.body) is not None:
        return ProviderRefused(shown, code=code)
    return unclear(name, shown, effect=effect, code=code)
