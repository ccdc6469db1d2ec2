import json
import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from packhouse.events.causes import cause_of
from packhouse.events.failures import Again, Failures, Limits, answer_of, describe, next_attempt
from packhouse.hooks.errors import OwnFailure
from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderGone,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    QueryUnanswered,
)
from packhouse.storage import DatabaseLost

LUCK = random.Random(7)  # noqa: S311  (jitter, not a secret)
FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC)
WEEK = timedelta(days=7)


def after(
    error: BaseException,
    before: Failures = Failures(),  # noqa: B008  (it is frozen)
    *,
    schedule: Sequence[float] = (),
    at: datetime = FRIDAY,
    probe: bool = False,
) -> Again | None:
    return next_attempt(error, before, Limits(12, WEEK, schedule), LUCK, at, probe=probe)


def outage(error: BaseException, lasts: timedelta) -> tuple[timedelta, int]:
    """How long a delivery that met an error from Friday evening on was tried, till it worked or was given up, and how often."""
    failed, at = Failures(), FRIDAY
    while at < FRIDAY + lasts:
        again = after(error, failed, at=at)
        failed = failed.with_one(cause_of(error), at)
        if again is None:
            break
        at += timedelta(seconds=again.seconds)
    return at - FRIDAY, failed.attempts


@pytest.mark.parametrize("error", [ProviderUnavailable("down"), TimeoutError(), ProviderAuthFailed("key")])
def test_a_weekend_is_waited_for_and_soon_over(error: Exception) -> None:
    weekend = timedelta(hours=62)
    tried, attempts = outage(error, weekend)
    assert weekend <= tried <= weekend + timedelta(hours=1)
    assert 70 <= attempts <= 140, "the vendor is not overrun when it comes back"


def test_what_is_away_for_a_week_is_given_up() -> None:
    tried, _ = outage(ProviderUnavailable("down"), timedelta(days=30))
    assert WEEK <= tried <= WEEK + timedelta(hours=1)


def test_a_probe_of_a_paused_plugin_is_never_given_up_for_an_outage() -> None:
    failed = Failures(200, 0, FRIDAY - 10 * WEEK)
    for error in (ProviderUnavailable("down"), ProviderAuthFailed("key"), ProviderGone("no more")):
        assert after(error, failed, probe=True) is not None
        assert after(error, failed) is None
    assert after(KeyError("bug"), Failures(200, 11, FRIDAY), probe=True) is None


def test_faults_of_the_plugins_own_code_are_given_up_within_the_hour() -> None:
    tried, attempts = outage(KeyError("bug"), timedelta(days=30))
    assert attempts == 12
    assert timedelta(minutes=17) <= tried <= timedelta(minutes=35)


def test_an_outage_uses_up_no_attempt_of_the_plugins_own_faults() -> None:
    failed = Failures(100, 0, FRIDAY - 2 * timedelta(days=1))
    again = after(KeyError("their first answer is odd"), failed)
    assert again is not None
    assert again.seconds <= 1
    assert after(KeyError("bug"), Failures(100, 11, FRIDAY)) is None


def test_waits_double_from_a_second_to_an_hour() -> None:
    for failed_before in range(40):
        again = after(ProviderUnavailable("down"), Failures(failed_before, 0, FRIDAY))
        assert again is not None
        longest = min(3600, 2**failed_before)
        assert longest / 2 <= again.seconds <= longest
        assert again.counts


def test_waits_are_jittered() -> None:
    waits = {after(ValueError(), Failures(5, 5, FRIDAY)) for _ in range(20)}
    assert len(waits) > 15


def test_what_was_refused_is_given_up_at_once() -> None:
    assert after(ProviderRefused("no")) is None


def test_a_schedule_of_its_own_is_kept_and_ends_with_giving_up() -> None:
    schedule = (5.0, 300.0)
    for error in (ValueError(), ProviderUnavailable("down")):
        first, second, third = [after(error, Failures(failed, 0, FRIDAY), schedule=schedule) for failed in range(3)]
        assert first is not None
        assert second is not None
        assert 5.0 <= first.seconds <= 5.5
        assert 300.0 <= second.seconds <= 330.0
        assert third is None
    assert after(ProviderRefused("no"), schedule=schedule) is None
    assert after(ProviderUnavailable("down"), Failures(1, 0, FRIDAY - 10 * WEEK), schedule=schedule) is not None


@pytest.mark.parametrize(
    ("retry_after", "lowest", "highest"),
    [(90, 90, 99), (7200, 7200, 7920), (-5, 1, 1.1), (0, 1, 1.1), (math.nan, 3600, 3960), (1e12, 86_400, 95_040)],
)
def test_a_rate_limit_is_kept_and_never_counts(retry_after: float, lowest: float, highest: float) -> None:
    again = after(ProviderRateLimited("slow", retry_after=retry_after), Failures(99, 99, FRIDAY - 10 * WEEK))
    assert isinstance(again, Again)
    assert lowest <= again.seconds <= highest
    assert not again.counts


@pytest.mark.parametrize(
    ("error", "longest"), [(DatabaseLost("down"), 2), (OwnFailure("unread"), 120), (QueryUnanswered("too long"), 120)]
)
def test_what_fails_on_our_side_is_nobodys_failure(error: Exception, longest: float) -> None:
    for schedule in ((), (5.0, 300.0)):
        again = after(error, Failures(99, 99, FRIDAY - 10 * WEEK), schedule=schedule)
        assert isinstance(again, Again)
        assert longest / 2 <= again.seconds <= longest
        assert not again.counts


def test_errors_are_described_in_one_line() -> None:
    assert describe(TimeoutError()) == "TimeoutError: no answer in time"
    assert describe(ValueError("x" * 600)) == ("ValueError: " + "x" * 600)[:500]
    assert describe(ProviderRefused("no\x00!")) == "ProviderRefused: no!"


def test_our_own_failure_is_not_told_as_the_vendors() -> None:
    taken_for_theirs = ProviderUnavailable("the vendor is down")
    taken_for_theirs.__cause__ = DatabaseLost("the server is starting up")
    assert describe(taken_for_theirs) == "on the side of Packhouse: DatabaseLost: the server is starting up"
    assert describe(OwnFailure("order 1 could not be read")) == (
        "on the side of Packhouse: OwnFailure: order 1 could not be read"
    )


class Speechless(ValueError):
    def __str__(self) -> str:
        raise RuntimeError("planted")


class Unmade(ProviderRateLimited):
    def __init__(self) -> None:
        """Not as its base class has it."""


HALF = json.loads(r'"half \ud83d of it"')


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Speechless(), "Speechless: it cannot say what it is"),
        (Unmade(), "Unmade: it cannot say what it is"),
        (ValueError(HALF), "ValueError: half ? of it"),
        (ProviderRefused(HALF), "ProviderRefused: half ? of it"),
        (ValueError("a\x00b"), "ValueError: ab"),
        (TimeoutError(), "TimeoutError: no answer in time"),
    ],
)
def test_any_error_can_be_written_down(error: Exception, text: str) -> None:
    assert describe(error) == text


def test_any_answer_can_be_written_down() -> None:
    assert answer_of(ProviderRefused("no", answer=HALF), "told") == "half ? of it"
    assert answer_of(Unmade(), "told\x00") == "told"
    assert answer_of(ProviderRefused("no", answer={"code": 7}), "told") == "{'code': 7}"  # type: ignore[arg-type]
    assert answer_of(None, HALF) == "half ? of it"


@pytest.mark.parametrize("error", [ProviderRateLimited("slow", retry_after=None), Unmade()])  # type: ignore[arg-type]
def test_a_limit_that_does_not_say_how_long_waits_long(error: Exception) -> None:
    again = after(error)
    assert again is not None
    assert 3600 <= again.seconds <= 3960
    assert not again.counts
