import math
import random

import pytest

from packhouse.events.failures import Again, describe, next_attempt
from packhouse.sdk import ProviderAuthFailed, ProviderRateLimited, ProviderRefused

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


def test_errors_are_described_in_one_line() -> None:
    assert describe(TimeoutError()) == "TimeoutError: no answer in time"
    assert describe(ValueError("x" * 600)) == ("ValueError: " + "x" * 600)[:500]
    assert describe(ProviderRefused("no\x00!")) == "ProviderRefused: no!"
