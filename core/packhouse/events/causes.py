"""Whose failure it is when a delivery does not work. Pure."""

from collections.abc import Iterator
from enum import StrEnum
from socket import gaierror

import aiohttp

from packhouse.hooks.errors import OwnFailure
from packhouse.sdk.errors import ProviderError, ProviderGone, ProviderRateLimited, ProviderRefused, QueryUnanswered
from packhouse.storage import DatabaseLost

_OURS = (DatabaseLost, OwnFailure, QueryUnanswered)
_AWAY = (
    ProviderError,
    TimeoutError,
    ConnectionError,
    gaierror,
    aiohttp.ClientConnectionError,
    aiohttp.ClientPayloadError,
)
_BROKEN_STATUS = 500
_MOST_LINKS = 100


class Cause(StrEnum):
    """Why an attempt did not work."""

    OURS = "ours"
    """Packhouse or its database failed: it says nothing about the plugin or its vendor."""
    SLOWER = "slower"
    """They asked us to be slower."""
    REFUSED = "refused"
    """They said no, and would say no again."""
    AWAY = "away"
    """They cannot be reached, are broken, gave no clear answer in time, or do not let us in: that ends, be it after days."""
    FAULT = "fault"
    """The plugin's own code failed: it would fail again until somebody mends it."""


def cause_of(error: BaseException) -> Cause:
    """Whose failure an error is. What a vendor clearly said counts; else our own failure, wherever in its causes, before theirs."""
    if isinstance(error, ProviderRefused):
        return Cause.REFUSED
    if isinstance(error, ProviderRateLimited):
        return Cause.SLOWER
    if isinstance(error, ProviderGone):
        return Cause.AWAY
    if own_failure(error) is not None:
        return Cause.OURS
    return Cause.AWAY if _is_away(error) else Cause.FAULT


def own_failure(error: BaseException) -> BaseException | None:
    """Our own failure behind an error that a plugin let through, or took for its vendor's; None where there is none."""
    return next((each for each in _behind(error) if isinstance(each, _OURS)), None)


def _is_away(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_away(each) for each in error.exceptions)
    if isinstance(error, aiohttp.ClientResponseError):
        return error.status >= _BROKEN_STATUS
    return isinstance(error, _AWAY)


def _behind(error: BaseException) -> Iterator[BaseException]:
    """An error, what it came from, and what a group holds; each once."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _MOST_LINKS:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [link for link in (each.__context__, each.__cause__) if link is not None]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
