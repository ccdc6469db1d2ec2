"""What a call to Klaviyo that did not work means: which ProviderError, and what of the answer may be shown.

Every call may be sent again: events are known by their unique_id, profiles by their identifiers, and subscribing twice is once.
So nothing is ever in doubt: what got no clear answer is unavailable, and tried again.
"""

from collections.abc import Callable, Mapping
from typing import Any

from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    VendorAnswer,
)

DUPLICATE_PROFILE = "duplicate_profile"
_AUTH = frozenset({401, 403})
# They ask for the same call again: request time-out, too early.
_AGAIN = frozenset({408, 425})
_TOO_MANY = 429
_DEFAULT_RETRY_AFTER = 10.0
_SHOWN_CHARACTERS = 300


def klaviyo_error(payload: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Code and words of Klaviyo's first error: `{"errors": [{"code", "title", "detail", "source": {"pointer"}}]}`."""
    errors = (payload or {}).get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, Mapping) and error.get("code"):
            source = error.get("source")
            pointer = source.get("pointer") if isinstance(source, Mapping) else None
            said = str(error.get("detail") or error.get("title") or "")
            return str(error["code"]), f"{said} (at {pointer})" if pointer else said
    return None


def failure(
    answer: VendorAnswer, name: str, statuses: frozenset[int], hide: Callable[[str], str]
) -> ProviderError | None:
    """The error that an answer means; None for one of the statuses that say that it worked.

    `hide` takes secrets and addresses out of Klaviyo's own words.
    """
    if answer.status in statuses:
        return None
    found = klaviyo_error(answer.json)
    code, said = found or (f"HTTP_{answer.status}", f"HTTP status {answer.status} without an error of Klaviyo's")
    shown = hide(f"Klaviyo {name}: {said} [{code}]")[:_SHOWN_CHARACTERS]
    code = hide(code)[:_SHOWN_CHARACTERS]
    if answer.status in _AUTH:
        return ProviderAuthFailed(shown, code=code)
    if answer.status == _TOO_MANY:
        return ProviderRateLimited(shown, retry_after=answer.retry_after(_DEFAULT_RETRY_AFTER), code=code)
    if 400 <= answer.status < 500 and answer.status not in _AGAIN:  # noqa: PLR2004
        return ProviderRefused(shown, code=code)
    return ProviderUnavailable(shown, code=code)
