"""What a call to UPS that did not work means: which ProviderError, and what of the answer may be shown.

A call with an effect (buying or voiding a label) that was sent and got no clear answer is in doubt; the same for a read
is only unavailable. A refusal is clear when it carries a UPS error code.
"""

from collections.abc import Mapping
from typing import Any

from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    Vendor,
    VendorAnswer,
)

RATE_LIMIT_CODE = "10429"
# UPS's own "try again later": general process failure, void and label recovery not available at this time.
TRANSIENT_CODES = frozenset({"20001", "190001", "300000"})
_DEFAULT_RETRY_AFTER = 10.0
_SHOWN_CHARACTERS = 300


class NotFound(ProviderRefused):
    """UPS does not know what was asked for (HTTP 404 with a UPS error code)."""


def ups_error(payload: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Code and message of UPS's first error: `{"response": {"errors": [{"code", "message"}]}}`, array or object."""
    response = (payload or {}).get("response")
    errors = response.get("errors") if isinstance(response, Mapping) else None
    for error in errors if isinstance(errors, list) else [errors]:
        if isinstance(error, Mapping) and error.get("code"):
            return str(error["code"]), str(error.get("message") or "")
    return None


def failure(vendor: Vendor, answer: VendorAnswer, name: str, *, effect: bool) -> ProviderError | None:
    """The error that an answer means; None for a success. No secret is in its words."""
    found = ups_error(answer.json)
    if answer.is_success and found is None:
        return None
    code, message = found or (f"HTTP_{answer.status}", f"HTTP status {answer.status} without a UPS error code")
    shown = vendor.hide(f"UPS {name}: {message} ({code})")[:_SHOWN_CHARACTERS]
    if answer.status in {401, 403}:
        return ProviderAuthFailed(shown, code=code)
    if answer.status == 429 or code == RATE_LIMIT_CODE:  # noqa: PLR2004
        return ProviderRateLimited(shown, retry_after=answer.retry_after(_DEFAULT_RETRY_AFTER), code=code)
    if answer.status == 404 and found is not None:  # noqa: PLR2004
        return NotFound(shown, code=code)
    client_fault = answer.is_success or 400 <= answer.status < 500  # noqa: PLR2004
    if client_fault and found is not None and code not in TRANSIENT_CODES:
        return ProviderRefused(shown, code=code)
    if client_fault and found is None and not effect and answer.json is not None:
        return ProviderRefused(shown, code=code)
    return vendor.unclear(name, shown, effect=effect, code=code)
