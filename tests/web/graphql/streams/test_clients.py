import asyncio
from collections.abc import Collection, Mapping

import pytest

from packhouse.web.graphql.streams import clients as clients_module
from packhouse.web.graphql.streams.clients import Clients, Farewell
from packhouse.web.permissions import Grant, Permissions

READING = Permissions.of(["orders.read"])


class Tickets:
    def __init__(self, *valid: str) -> None:
        self.valid = set(valid)
        self.permissions = READING
        self.asked: list[list[str]] = []
        self.is_broken = False

    async def __call__(self, tickets: Collection[str]) -> Mapping[str, Grant]:
        self.asked.append(sorted(tickets))
        if self.is_broken:
            raise ConnectionError
        return {ticket: Grant("shop", self.permissions) for ticket in self.valid & set(tickets)}


class Client:
    def __init__(self, ticket: str, *, is_stuck: bool = False) -> None:
        self.ticket = ticket
        self.permissions = READING
        self.told: list[Farewell] = []
        self._is_stuck = is_stuck

    async def dismiss(self, farewell: Farewell) -> None:
        self.told.append(farewell)
        if self._is_stuck:
            await asyncio.sleep(3600)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_whose_token_was_revoked_are_dismissed() -> None:
    tickets = Tickets("a", "b")
    clients = Clients(tickets)
    staying, stuck, leaving = Client("a"), Client("b", is_stuck=True), Client("b")
    for client in (staying, stuck, leaving):
        clients.enter(client)
    await clients.check()
    tickets.valid = {"a"}
    await clients.check()
    await settled()
    assert (staying.told, stuck.told, leaving.told) == ([], [Farewell.REVOKED], [Farewell.REVOKED])
    assert tickets.asked == [["a", "b"], ["a", "b"]]


async def test_those_whose_token_allows_something_else_are_dismissed_until_they_come_back() -> None:
    tickets = Tickets("a")
    clients = Clients(tickets)
    client = Client("a")
    clients.enter(client)
    tickets.permissions = Permissions.of(["orders.read", "payments.read"])
    await clients.check()
    await settled()
    assert client.told == [Farewell.CHANGED]
    clients.leave(client)
    client.permissions = tickets.permissions
    clients.enter(client)
    await clients.check()
    await settled()
    assert client.told == [Farewell.CHANGED]


async def test_many_tickets_are_asked_for_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients_module, "_TICKETS_AT_ONCE", 2)
    tickets = Tickets("1", "2", "3")
    clients = Clients(tickets)
    for name in "12345":
        clients.enter(Client(name))
    await clients.check()
    assert sorted(name for piece in tickets.asked for name in piece) == ["1", "2", "3", "4", "5"]
    assert max(map(len, tickets.asked)) == 2


async def test_who_has_left_is_forgotten() -> None:
    clients = Clients(Tickets())
    one, two = Client("a"), Client("a")
    clients.enter(one)
    clients.enter(two)
    clients.leave(one)
    clients.leave(one)
    assert len(clients) == 1
    clients.leave(two)
    assert len(clients) == 0
    await clients.check()
    await clients.dismiss_all()
    assert one.told == two.told == []


async def test_tokens_are_looked_after_again_when_that_failed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(clients_module, "CHECK_SECONDS", 0.01)
    tickets = Tickets()
    tickets.is_broken = True
    clients = Clients(tickets)
    client = Client("a")
    clients.enter(client)
    clients.start()
    async with asyncio.timeout(5):
        while not caplog.records:  # noqa: ASYNC110  (a log sets no event)
            await asyncio.sleep(0.01)
        assert client.told == []
        tickets.is_broken = False
        while not client.told:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    clients.leave(client)
    await clients.stop()
    assert client.told[0] is Farewell.REVOKED


async def test_the_end_is_told_to_all_and_to_who_comes_afterwards() -> None:
    clients = Clients(Tickets("a"))
    early, late = Client("a"), Client("a")
    clients.enter(early)
    await clients.dismiss_all()
    clients.enter(late)
    await settled()
    assert early.told == late.told == [Farewell.RESTART]
