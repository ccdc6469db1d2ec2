import pytest

from packhouse.sdk import RoutingCandidate, RoutingOpinion, RoutingQuestion
from packhouse_demo.routing import check, judge

PLACES = tuple(RoutingCandidate(code, 1, True, {"MUG": 1}) for code in ("london", "york", "leeds"))


def first(postcode: str, *places: str) -> list[str]:
    """The candidates in the order of their ranks."""
    question = RoutingQuestion((), PLACES, "GB", postcode)
    options = {"locations": list(places)} if places else {}
    opinions = {each.code: judge(question, each, options) or RoutingOpinion(-1) for each in PLACES}
    return sorted(opinions, key=lambda code: opinions[code].rank)


def test_every_location_gets_its_share_and_a_postcode_keeps_its_location() -> None:
    chosen = [first(f"LS{number} 4AP")[0] for number in range(300)]
    assert chosen == [first(f"LS{number} 4AP")[0] for number in range(300)]
    assert all(70 <= chosen.count(each.code) <= 130 for each in PLACES)


def test_others_come_last_and_say_why() -> None:
    assert {first(f"LS{number}", "york", "leeds")[2] for number in range(30)} == {"london"}
    question = RoutingQuestion((), PLACES, "GB", "LS1")
    assert judge(question, PLACES[0], {"locations": ["york"]}) == RoutingOpinion(
        1, "the orders are spread over other locations"
    )


def test_without_a_postcode_it_has_no_opinion() -> None:
    assert judge(RoutingQuestion((), PLACES, "GB"), PLACES[0], {}) is None


@pytest.mark.parametrize(
    "options", [{"places": []}, {"locations": []}, {"locations": "york"}, {"locations": ["york", "york"]}]
)
def test_options_that_cannot_be_are_told(options: dict[str, object]) -> None:
    assert check(options) is not None
    assert check({"locations": ["york"]}) is None
    assert check({}) is None
