import pytest

from packhouse.web.memory import Crowd


def told(*clients: int) -> list[bool]:
    """What a look at each of these numbers of clients, one after the other, says."""
    crowd = Crowd()
    said = []
    for number in clients:
        crowd.see(number)
        said.append(crowd.has_left())
    return said


@pytest.mark.parametrize(
    "clients",
    [
        pytest.param((0, 999, 0, 0), id="no crowd"),
        pytest.param((5_000, 1_251, 1_251), id="more than a quarter is left"),
        pytest.param((5_000, 1_200, 1_000, 500), id="still leaving"),
    ],
)
def test_nothing_goes_back_while(clients: tuple[int, ...]) -> None:
    assert not any(told(*clients))


def test_each_crowd_is_told_of_once_when_its_leaving_has_ended() -> None:
    assert told(1_000, 200, 0, 0, 0, 0) == [False, False, False, True, False, False]
    assert told(3_000, 0, 0, 800, 0, 0, 2_000, 10, 12) == [
        False, False, True, False, False, False, False, False, True,
    ]  # fmt: skip


def test_a_crowd_that_came_and_went_between_two_questions_is_told_of() -> None:
    crowd = Crowd()
    for clients in (0, 400, 1_800, 0):
        crowd.see(clients)
    assert crowd.has_left()
    assert not crowd.has_left()
