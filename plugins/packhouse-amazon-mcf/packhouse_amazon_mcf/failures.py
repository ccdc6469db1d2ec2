"""What a call to Amazon that did not work means: which ProviderError, and what of the answer may be shown.

A call with an effect that was sent and got no clear answer is in doubt; the same for a read is only unavailable. SP-API says
`{"errors": [{"code", "message", "details"}]}`, Login with Amazon `{"error", "error_description"}`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    Vendor,
    VendorAnswer,
)

RATE_HEADER = "x-amzn-RateLimit-Limit"
QUOTA_EXCEEDED = "QuotaExceeded"
# Amazon's own "try again later", whatever the status.
TRANSIENT = frozenset({"InternalFailure", "InternalError", "ServiceUnavailable"})
_DEFAULT_RETRY_AFTER = 2.0
_SHOWN_CHARACTERS = 300


class NotFound(ProviderRefused):
    """Amazon does not know what was asked for (HTTP 404 with one of its error codes)."""


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


def retry_after(answer: VendorAnswer, now: datetime | None = None) -> float:
    """Seconds to wait: as Amazon says, else until the rate gives another call; an hour at most."""
    return answer.retry_after(_by_rate(answer.headers.get(RATE_HEADER, "")), now)


def _by_rate(limit: str) -> float:
    try:
        rate = float(limit)
    except ValueError:
        return _DEFAULT_RETRY_AFTER
    return max(1.0 / rate, _DEFAULT_RETRY_AFTER) if rate > 0 else _DEFAULT_RETRY_AFTER


def failure(vendor: Vendor, answer: VendorAnswer, name: str, *, effect: bool) -> ProviderError | None:
    """The error that an answer means; None for a success. No secret is in its words."""
    payload = answer.json
    found = amazon_error(payload)
    if answer.is_success and found is None:
        return None
    code, message = found or (f"HTTP_{answer.status}", f"HTTP status {answer.status} without one of its error codes")
    shown = vendor.hide(f"Amazon {name}: {message} ({code})")[:_SHOWN_CHARACTERS]
    if answer.status in {401, 403}:
        return ProviderAuthFailed(shown, code=code)
    if answer.status == 429 or code == QUOTA_EXCEEDED:  # noqa: PLR2004
        return ProviderRateLimited(shown, retry_after=retry_after(answer), code=code)
    if answer.status == 404 and found is not None:  # noqa: PLR2004
        return NotFound(shown, code=code)
    client_fault = answer.is_success or 400 <= answer.status < 500  # noqa: PLR2004
    if client_fault and found is not None and code not in TRANSIENT:
        return ProviderRefused(shown, code=code)
    if client_fault and found is None and not effect and payload is not None:
        return ProviderRefused(shown, code=code)
    return vendor.unclear(name, shown, effect=effect, code=code)
