import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from packhouse.sdk import AccessToken, AccessTokens, ProviderAuthFailed, ProviderUnavailable


class Desk:
    """Hands out tokens, one after another, or refuses; it takes its time."""

    def __init__(self, *tokens: AccessToken, clock: Callable[[], float] = lambda: 0.0, **options: Any) -> None:
        self.tokens = list(tokens)
        self.asked = 0
        self.access = AccessTokens(self.fetch, clock=clock, **options)

    async def fetch(self) -> AccessToken:
        self.asked += 1
        await asyncio.sleep(0)
        if not self.tokens:
            raise ProviderAuthFailed("a wrong secret")
        return self.tokens.pop(0)


@pytest.mark.parametrize(
    ("payload", "lifetime"),
    [
        ({"access_token": "a", "expires_in": "14399"}, 14399.0),
        ({"access_token": "a", "expires_in": 3600}, 3600.0),
        ({"access_token": "a", "expires_in": "soon"}, 600.0),
        ({"access_token": "a", "expires_in": "inf"}, 600.0),
        ({"access_token": "a", "expires_in": -1}, 600.0),
        ({"access_token": "a"}, 600.0),
    ],
)
def test_a_token_is_read_from_an_answer(payload: dict[str, Any], lifetime: float) -> None:
    assert AccessToken.of(payload) == AccessToken("a", lifetime)


@pytest.mark.parametrize("payload", [None, {}, {"access_token": ""}, {"access_token": 7, "expires_in": 60}])
def test_an_answer_without_a_token_holds_none(payload: dict[str, Any] | None) -> None:
    assert AccessToken.of(payload) is None


async def test_fifty_calls_at_once_ask_for_one_token() -> None:
    desk = Desk(AccessToken("first", 3600.0), AccessToken("second", 3600.0))
    assert await asyncio.gather(*(desk.access.token() for _ in range(50))) == ["first"] * 50
    assert desk.asked == 1
    assert desk.access.secret == "first"


async def test_fifty_calls_with_a_wrong_secret_try_it_once() -> None:
    desk = Desk()
    errors = await asyncio.gather(*(desk.access.token() for _ in range(50)), return_exceptions=True)
    assert [type(error) for error in errors] == [ProviderAuthFailed] * 50
    assert (desk.asked, desk.access.secret) == (1, "")
    with pytest.raises(ProviderAuthFailed):
        await desk.access.token()
    assert desk.asked == 2


async def test_fifty_calls_with_a_refused_token_renew_it_once() -> None:
    desk = Desk(AccessToken("old", 3600.0), AccessToken("new", 3600.0))
    old = await desk.access.token()
    assert await asyncio.gather(*(desk.access.token(instead_of=old) for _ in range(50))) == ["new"] * 50
    assert await desk.access.token(instead_of=old) == "new"
    assert desk.asked == 2


async def test_after_a_failure_the_next_one_tries_again() -> None:
    desk = Desk()
    with pytest.raises(ProviderAuthFailed):
        await desk.access.token()
    desk.tokens.append(AccessToken("first", 3600.0))
    assert await desk.access.token() == "first"


async def test_a_token_is_kept_until_shortly_before_it_ends() -> None:
    time = [0.0]
    desk = Desk(
        AccessToken("first", 14399.0), AccessToken("second", 100.0), AccessToken("third", 600.0), clock=lambda: time[0]
    )
    for now, token in ((0, "first"), (14098, "first"), (14100, "second"), (14189, "second"), (14191, "third")):
        time[0] = now
        assert await desk.access.token() == token
    early = Desk(AccessToken("first", 14399.0), AccessToken("second", 1.0), clock=lambda: time[0], margin=600.0)
    time[0] = 0.0
    assert await early.access.token() == "first"
    time[0] = 13800.0
    assert await early.access.token() == "second"


async def test_other_errors_are_told_to_each() -> None:
    async def broken() -> AccessToken:
        raise ProviderUnavailable("away")

    access = AccessTokens(broken)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            await access.token()


def test_it_shows_nothing_of_a_token() -> None:
    assert "planted" not in repr(AccessToken("planted", 60.0))
    assert "planted" not in repr(Desk(AccessToken("planted", 60.0)).access)
