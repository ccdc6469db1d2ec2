from datetime import datetime, timedelta

from packhouse.sdk import now
from packhouse.storage import Database, Initiator
from packhouse.tokens.commands.change_token import change_token
from packhouse.tokens.commands.create_token import CreateToken, create_token
from packhouse.tokens.commands.revoke_token import revoke_token
from packhouse.tokens.rules import OPERATOR
from packhouse.web.authentication import TokenGate, ticket_of
from packhouse.web.permissions import ALL, Grant, Permissions

READING = Permissions.of(["orders.read"])


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.today = now()

    def __call__(self) -> float:
        return self.now

    def date(self) -> datetime:
        return self.today


async def make(
    database: Database, by: Initiator, permissions: Permissions = READING, expires_at: datetime | None = None
) -> str:
    data = CreateToken("shop", permissions, expires_at)
    return await database.write(by, lambda uow: create_token(uow, data, OPERATOR))


async def test_a_token_stands_for_its_name_and_what_it_allows(database: Database, by: Initiator) -> None:
    token = await make(database, by)
    gate = TokenGate()
    for header in (f"Bearer {token}", f"bearer   {token} "):
        bearer = await gate.bearer(header)
        assert bearer is not None
        assert (bearer.actor, bearer.ticket, bearer.grant) == ("token:shop", ticket_of(token), Grant("shop", READING))
    for wrong in ("", "ph_", token[:-1], f"{token}x", token.upper(), token.removeprefix("ph_"), "ph_\ud800"):
        assert await gate.bearer(f"Bearer {wrong}") is None
    for header in (None, token, f"Basic {token}", 7):
        assert await gate.bearer(header) is None


async def test_a_revoked_one_is_noticed_within_seconds(database: Database, by: Initiator) -> None:
    clock = Clock()
    gate = TokenGate(clock)
    token = f"Bearer {await make(database, by)}"
    assert await gate.bearer(token) is not None
    await database.write(by, lambda uow: revoke_token(uow, "shop", OPERATOR))
    clock.now += 5.1
    assert await gate.bearer(token) is None
    assert await gate.bearer(f"Bearer {await make(database, by)}") is not None


async def test_one_that_allows_something_else_is_noticed_within_seconds(database: Database, by: Initiator) -> None:
    clock = Clock()
    gate = TokenGate(clock)
    token = f"Bearer {await make(database, by, ALL)}"
    assert (await gate.bearer(token)).grant.permissions == ALL  # type: ignore[union-attr]
    await database.write(by, lambda uow: change_token(uow, "shop", READING, OPERATOR))
    clock.now += 5.1
    assert (await gate.bearer(token)).grant.permissions == READING  # type: ignore[union-attr]


async def test_an_expired_one_ends_at_once_though_it_is_remembered(database: Database, by: Initiator) -> None:
    clock = Clock()
    gate = TokenGate(clock, clock.date)
    end = clock.today + timedelta(days=1)
    text = await make(database, by, READING, end)
    token, ticket = f"Bearer {text}", ticket_of(text)
    assert (await gate.bearer(token)).grant == Grant("shop", READING, end)  # type: ignore[union-attr]
    assert await gate.in_force([ticket, "another"]) == {ticket: Grant("shop", READING, end)}
    clock.today = end
    assert await gate.bearer(token) is None
    assert await gate.in_force([ticket]) == {}
