import pytest

from packhouse.sdk import ProviderRateLimited
from packhouse_trustpilot.budget import Budget


def test_no_more_calls_than_allowed_in_any_five_minutes() -> None:
    time = [0.0]
    budget = Budget(3, clock=lambda: time[0])
    for at in (0, 10, 20):
        time[0] = at
        budget.spend("anything")
    time[0] = 100
    with pytest.raises(ProviderRateLimited) as limited:
        budget.spend("reviews")
    assert (limited.value.retry_after, limited.value.code) == (200.0, "BUDGET")
    assert limited.value.detail == "Trustpilot reviews: 3 calls were made in five minutes"
    time[0] = 300
    budget.spend("anything")
    with pytest.raises(ProviderRateLimited) as limited:
        budget.spend("anything")
    assert limited.value.retry_after == 10.0
