"""Whose failure an error is, also where a plugin took ours for its vendor's."""

import aiohttp
import pytest
from yarl import URL

from packhouse.events.breaker import Blame, blame_of
from packhouse.events.causes import Cause, cause_of, own_failure
from packhouse.hooks.errors import OwnFailure
from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderError,
    ProviderGone,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    QueryRefused,
    QueryUnanswered,
)
from packhouse.storage import DatabaseLost

LOST = DatabaseLost("the server is starting up")


def answered(status: int) -> aiohttp.ClientResponseError:
    request = aiohttp.RequestInfo(URL("http://vendor.test"), "GET", None, URL("http://vendor.test"))  # type: ignore[arg-type]
    return aiohttp.ClientResponseError(request, (), status=status)


def instead_of(error: Exception, raised: Exception, *, chained: bool = True) -> Exception:
    """What a plugin raises that caught an error, `from` it or `from None`."""
    raised.__context__ = error
    raised.__cause__ = error if chained else None
    return raised


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ProviderUnavailable("down"), Cause.AWAY),
        (ProviderInDoubt("perhaps"), Cause.AWAY),
        (ProviderAuthFailed("key"), Cause.AWAY),
        (ProviderGone("no more"), Cause.AWAY),
        (ProviderError("whatever"), Cause.AWAY),
        (TimeoutError(), Cause.AWAY),
        (ConnectionResetError(), Cause.AWAY),
        (aiohttp.ServerDisconnectedError(), Cause.AWAY),
        (answered(503), Cause.AWAY),
        (answered(404), Cause.FAULT),
        (ExceptionGroup("both", [TimeoutError(), ProviderUnavailable("down")]), Cause.AWAY),
        (ExceptionGroup("both", [TimeoutError(), KeyError("bug")]), Cause.FAULT),
        (KeyError("bug"), Cause.FAULT),
        (FileNotFoundError("label.pdf"), Cause.FAULT),
        (QueryRefused("no such field"), Cause.FAULT),
        (ProviderRefused("no"), Cause.REFUSED),
        (ProviderRateLimited("slow", retry_after=1), Cause.SLOWER),
        (LOST, Cause.OURS),
        (OwnFailure("unread"), Cause.OURS),
        (QueryUnanswered("too long"), Cause.OURS),
        (ExceptionGroup("both", [KeyError("bug"), LOST]), Cause.OURS),
    ],
    ids=lambda each: each.value if isinstance(each, Cause) else type(each).__name__,
)
def test_whose_failure_an_error_is(error: Exception, cause: Cause) -> None:
    assert cause_of(error) is cause


@pytest.mark.parametrize("chained", [True, False])
@pytest.mark.parametrize("taken_for", [ProviderUnavailable("down"), ProviderAuthFailed("key"), KeyError("bug")])
def test_ours_is_found_behind_what_a_plugin_took_it_for(taken_for: Exception, *, chained: bool) -> None:
    told = instead_of(LOST, type(taken_for)("planted"), chained=chained)
    assert cause_of(told) is Cause.OURS
    assert own_failure(told) is LOST
    assert blame_of(told) is Blame.NONE


def test_what_a_vendor_clearly_said_counts_whatever_was_before() -> None:
    assert cause_of(instead_of(LOST, ProviderRefused("no"))) is Cause.REFUSED
    assert cause_of(instead_of(LOST, ProviderGone("no more"))) is Cause.AWAY
    assert blame_of(instead_of(LOST, ProviderGone("no more"))) is Blame.GONE
    limited = instead_of(LOST, ProviderRateLimited("slow", retry_after=9))
    assert cause_of(limited) is Cause.SLOWER


def test_errors_that_point_at_each_other_are_looked_at_once() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert own_failure(one) is None
    assert cause_of(one) is Cause.FAULT
