import pytest

from packhouse.web.graphql.streams.mailbox import Allowance, Mailbox
from packhouse.web.graphql.streams.message import Message


def message(position: int, size: int = 1) -> Message:
    return Message("x" * size, position, f"c{position}")


async def taken(mailbox: Mailbox) -> list[int]:
    found = []
    while await mailbox.more():
        while (each := mailbox.take()) is not None:
            found.append(each.position)
    return found


async def test_gives_what_came_after_its_position_once_and_in_order() -> None:
    mailbox = Mailbox(3, Allowance())
    for position in (2, 3, 4, 5):
        mailbox.put(message(position))
    mailbox.end([{"message": "over"}])
    mailbox.put(message(6))
    assert await taken(mailbox) == [4, 5]
    assert (mailbox.after, mailbox.errors, mailbox.has_lagged) == (5, [{"message": "over"}], False)


async def test_waits_for_the_next_one() -> None:
    mailbox = Mailbox(0, Allowance())
    waiting = mailbox.more()
    assert not waiting.done()
    mailbox.put(message(1))
    assert await waiting
    assert (mailbox.take(), mailbox.take()) == (message(1), None)
    waiting = mailbox.more()
    mailbox.end([])
    assert not await waiting


@pytest.mark.parametrize(("most", "allowance"), [(3, Allowance()), (100, Allowance(most=3))])
async def test_too_many_or_too_much_is_thrown_away_and_ends_it(most: int, allowance: Allowance) -> None:
    mailbox = Mailbox(0, allowance, most=most)
    mailbox.put(message(1))
    assert mailbox.take() == message(1)
    lagged = []
    for position in (2, 3, 4, 5):
        mailbox.put(message(position))
        lagged.append(mailbox.has_lagged)
    assert lagged == [False, False, False, True]
    assert await taken(mailbox) == []
    assert (mailbox.after, allowance.used) == (1, 0)


async def test_one_message_fits_however_large() -> None:
    mailbox = Mailbox(0, Allowance(most=10))
    mailbox.put(message(1, size=1000))
    assert mailbox.take() == message(1, size=1000)


async def test_the_allowance_is_that_of_all_mailboxes_of_a_client() -> None:
    allowance = Allowance(most=10)
    one, two = Mailbox(0, allowance), Mailbox(0, allowance)
    one.put(message(1, size=6))
    two.put(message(1, size=4))
    two.put(message(2, size=1))
    assert (one.has_lagged, two.has_lagged, allowance.used) == (False, True, 6)
    one.close()
    assert allowance.used == 0
