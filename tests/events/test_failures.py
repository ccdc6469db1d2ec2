import json
import math
import random

import pytest

from packhouse.events.failures import Again, answer_of, describe, next_attempt
from packhouse.sdk import ProviderAuthFailed, ProviderRateLimited, ProviderRefused
from packhouse.storage import DatabaseLost

LUCK = random.Random(7)  # noqa: S311  (jitter, not a secret)


def test_waits_double_from_a_second_to_an_hour() -> None:
    for failed_before in range(40):
        again = next_attempt(ValueError(), failed_before, 100, LUCK)
        assert again is not None
        longest = min(3600, 2**failed_before)
        assert longest / 2 <= again.seconds <= longest
        assert again.counts


def test_waits_are_jittered() -> None:
    waits = {next_attempt(ValueError(), 5, 100, LUCK) for _ in range(20)}
    assert len(waits) > 15


def test_the_last_attempt_gives_up() -> None:
    assert next_attempt(ProviderAuthFailed("key"), 10, 12, LUCK) is not None
    assert next_attempt(ProviderAuthFailed("key"), 11, 12, LUCK) is None
    assert next_attempt(ProviderRefused("no"), 0, 12, LUCK) is None


def test_a_schedule_of_its_own_is_kept_and_ends_with_giving_up() -> None:
    schedule = (5.0, 300.0)
    first, second, third = [next_attempt(ValueError(), failed, 12, LUCK, schedule) for failed in range(3)]
    assert first is not None
    assert second is not None
    assert 5.0 <= first.seconds <= 5.5
    assert 300.0 <= second.seconds <= 330.0
    assert third is None
    assert next_attempt(ProviderRefused("no"), 0, 12, LUCK, schedule) is None


@pytest.mark.parametrize(
    ("retry_after", "lowest", "highest"),
    [(90, 90, 99), (7200, 7200, 7920), (-5, 1, 1.1), (0, 1, 1.1), (math.nan, 3600, 3960), (1e12, 86_400, 95_040)],
)
def test_a_rate_limit_is_kept_and_never_counts(retry_after: float, lowest: float, highest: float) -> None:
    again = next_attempt(ProviderRateLimited("slow", retry_after=retry_after), 99, 3, LUCK)
    assert isinstance(again, Again)
    assert lowest <= again.seconds <= highest
    assert not again.counts


def test_our_own_database_is_nobodys_failure() -> None:
    for schedule in ((), (5.0, 300.0)):
        again = next_attempt(DatabaseLost("down"), 99, 3, LUCK, schedule)
        assert isinstance(again, Again)
        assert 1 <= again.seconds <= 2
        assert not again.counts


def test_errors_are_described_in_one_line() -> None:
    assert describe(TimeoutError()) == "TimeoutError: no answer in time"
    assert describe(ValueError("x" * 600)) == ("ValueError: " + "x" * 600)[:500]
    assert describe(ProviderRefused("no\x00!")) == "ProviderRefused: no!"


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
    again = next_attempt(error, 0, 12, LUCK)
    assert again is not None
    assert 3600 <= again.seconds <= 3960
    assert not again.counts
