import asyncio
from typing import Any

from packhouse.web.graphql.streams import broadcast as broadcast_module
from packhouse.web.graphql.streams.broadcast import Broadcast
from packhouse.web.graphql.streams.mailbox import Allowance, Mailbox
from packhouse.web.graphql.streams.message import Message, Send


class Source:
    """An execution that sends what a test puts into it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self.is_running = False
        self.ended: list[Broadcast] = []

    async def __call__(self, send: Send) -> list[dict[str, Any]]:
        self.is_running = True
        try:
            while (message := await self.queue.get()) is not None:
                await send(message)
            return [{"message": "over"}]
        finally:
            self.is_running = False

    def open(self, position: int = 0) -> Broadcast:
        return Broadcast(position, self, self.ended.append)

    async def tell(self, *positions: int, size: int = 1) -> None:
        for position in positions:
            self.queue.put_nowait(Message("x" * size, position))
        await settled()


class Reader:
    """Somebody who is served; `pause` makes it slow."""

    def __init__(self, broadcast: Broadcast, after: int = 0, allowance: Allowance | None = None) -> None:
        self.got: list[int] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.task: asyncio.Task[Mailbox] = asyncio.create_task(
            broadcast.serve(after, self.send, allowance or Allowance())
        )

    async def send(self, message: Message) -> None:
        self.got.append(message.position)
        await self.may_go_on.wait()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def leave(*readers: Reader) -> None:
    for reader in readers:
        reader.task.cancel()
    await asyncio.gather(*(reader.task for reader in readers), return_exceptions=True)
    await settled()


async def test_everybody_gets_everything_once_and_in_order() -> None:
    source = Source()
    broadcast = source.open()
    readers = [Reader(broadcast) for _ in range(450)]  # more than are woken at once
    await settled()
    await source.tell(1, 2, 3)
    assert [reader.got for reader in readers] == [[1, 2, 3]] * 450
    await leave(*readers)


async def test_it_ends_with_the_last_of_them() -> None:
    source = Source()
    broadcast = source.open()
    one, two = Reader(broadcast), Reader(broadcast)
    await settled()
    await leave(one)
    assert (source.is_running, source.ended) == (True, [])
    await leave(two)
    assert source.is_running is False
    assert set(source.ended) == {broadcast}


async def test_its_end_is_everybodys_after_the_last_message() -> None:
    source = Source()
    reader = Reader(source.open())
    await settled()
    await source.tell(1)
    source.queue.put_nowait(None)
    mailbox = await reader.task
    assert (reader.got, mailbox.errors) == ([1], [{"message": "over"}])


async def test_who_comes_back_soon_gets_what_it_missed() -> None:
    source = Source()
    broadcast = source.open(position=10)
    staying = Reader(broadcast, after=10)
    await settled()
    await source.tell(11, 14, 15)
    back = Reader(broadcast, after=12)
    ahead = Reader(broadcast, after=16)
    await settled()
    await source.tell(16, 17)
    assert (staying.got, back.got, ahead.got) == ([11, 14, 15, 16, 17], [14, 15, 16, 17], [17])
    await leave(staying, back, ahead)


async def test_covers_what_it_still_has(monkeypatch: Any) -> None:
    monkeypatch.setattr(broadcast_module, "RECENT_MESSAGES", 2)
    source = Source()
    broadcast = source.open(position=10)
    reader = Reader(broadcast, after=10)
    await settled()
    assert [broadcast.covers(after) for after in (9, 10, 99)] == [False, True, True]
    await source.tell(11, 12, 13)
    assert (broadcast.position, [broadcast.covers(after) for after in (10, 11)]) == (13, [False, True])
    await leave(reader)


async def test_what_it_keeps_is_bounded_in_size(monkeypatch: Any) -> None:
    monkeypatch.setattr(broadcast_module, "RECENT_CHARACTERS", 100)
    source = Source()
    broadcast = source.open()
    reader = Reader(broadcast)
    await settled()
    await source.tell(*range(1, 10), size=30)
    assert [broadcast.covers(after) for after in (5, 6)] == [False, True]
    await leave(reader)


async def test_a_slow_one_lags_and_holds_up_nobody() -> None:
    source = Source()
    broadcast = source.open()
    slow, fast = Reader(broadcast, allowance=Allowance(most=5)), Reader(broadcast)
    await settled()
    slow.may_go_on.clear()
    await source.tell(1)
    await source.tell(*range(2, 10))
    assert (slow.got, fast.got) == ([1], list(range(1, 10)))
    slow.may_go_on.set()
    mailbox = await slow.task
    assert (mailbox.has_lagged, mailbox.after, slow.got) == (True, 1, [1])
    await source.tell(10)
    assert fast.got[-1] == 10
    await leave(fast)


async def test_who_joins_while_a_message_is_handed_round_gets_it_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(broadcast_module, "_SLICE", 1)
    source = Source()
    broadcast = source.open()
    readers = [Reader(broadcast) for _ in range(5)]
    await settled()
    source.queue.put_nowait(Message("x", 1))
    source.queue.put_nowait(Message("x", 2))
    late = []
    for _ in range(12):
        await asyncio.sleep(0)
        late.append(Reader(broadcast))
    await settled()
    assert [reader.got for reader in readers + late] == [[1, 2]] * 17
    await leave(*readers, *late)
