import pytest

from packhouse.inventory.rules import CountPolicy, Variance, is_same_person, is_within


@pytest.mark.parametrize(
    ("policy", "variances", "within"),
    [
        (CountPolicy(), [Variance(0, None), Variance(0, 1000)], True),
        (CountPolicy(), [Variance(1, None)], False),
        (CountPolicy(2), [Variance(1, None), Variance(-1, None)], True),
        (CountPolicy(2), [Variance(2, None), Variance(-1, None)], False),
        (CountPolicy(9, 1000, "GBP"), [Variance(-2, 500)], True),
        (CountPolicy(9, 1000, "GBP"), [Variance(-2, 501)], False),
        (CountPolicy(9, 1000, "GBP"), [Variance(1, 500), Variance(-1, 501)], False),
        (CountPolicy(9, 1000, "GBP"), [Variance(1, None)], False),
        (CountPolicy(9, 1000, "GBP"), [Variance(0, None)], True),
    ],
)
def test_small_deviations_need_nobody(policy: CountPolicy, variances: list[Variance], within: bool) -> None:
    assert is_within(policy, variances) is within


def test_one_person_has_many_spellings() -> None:
    assert is_same_person(" Ann  Lee", "ann lee ")
    assert not is_same_person("Ann Lee", "Ann Leek")
