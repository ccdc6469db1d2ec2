import asyncio

import pytest

from packhouse.web import memory
from packhouse.web.memory import Crowd, give_back_after_crowds


def told(*clients: int) -> list[bool]:
    """What a look at each of these numbers of clients, one after the other, says."""
    crowd = Crowd()
    return [crowd.has_left(number) for number in clients]


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


async def test_it_looks_for_as_long_as_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    given = asyncio.Event()
    monkeypatch.setattr(memory, "give_back", given.set)
    clients = iter([2_000, 0])
    looking = asyncio.create_task(give_back_after_crowds(lambda: next(clients, 0), seconds=0.0))
    async with asyncio.timeout(10):
        await given.wait()
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
