import hashlib
from datetime import timedelta

import pytest

from packhouse.sdk import Refused, now
from packhouse.storage import Database, Initiator
from packhouse.web.authentication import TokenGate, create_access_token, revoke_access_token
from packhouse.web.models import AccessToken


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def make(database: Database, by: Initiator, name: str = "shop") -> str:
    return await database.write(by, lambda uow: create_access_token(uow, name))


async def test_only_the_digest_is_kept(database: Database, by: Initiator) -> None:
    token = await make(database, by)
    assert token.startswith("ph_")
    assert len(token) == 46
    (row,) = await AccessToken.all()
    assert (row.name, row.digest, row.revoked_at) == ("shop", hashlib.sha256(token.encode()).hexdigest(), None)
    assert now() - row.created_at < timedelta(minutes=1)


async def test_a_token_stands_for_the_admin(database: Database, by: Initiator) -> None:
    token = await make(database, by)
    gate = TokenGate()
    assert await gate.actor(token) == "admin"
    for wrong in ("", "ph_", token[:-1], f"{token}x", token.upper(), token.removeprefix("ph_"), "ph_\ud800"):
        assert await gate.actor(wrong) is None


async def test_two_in_force_cannot_share_a_name(database: Database, by: Initiator) -> None:
    await make(database, by)
    with pytest.raises(Refused, match="There is a token shop already") as refused:
        await make(database, by, " shop ")
    assert refused.value.code == "NAME_TAKEN"
    assert await AccessToken.all().count() == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
async def test_a_token_needs_a_name(database: Database, by: Initiator, name: str) -> None:
    with pytest.raises(Refused, match="1 to 100 characters"):
        await make(database, by, name)
    assert await AccessToken.all().count() == 0


async def test_a_revoked_one_is_noticed_within_seconds(database: Database, by: Initiator) -> None:
    clock = Clock()
    gate = TokenGate(clock)
    token = await make(database, by)
    assert await gate.actor(token) == "admin"
    await database.write(by, lambda uow: revoke_access_token(uow, "shop"))
    clock.now += 5.1
    assert await gate.actor(token) is None
    assert await make(database, by) != token


async def test_an_unknown_one_cannot_be_revoked(database: Database, by: Initiator) -> None:
    with pytest.raises(Refused, match="no token shop in force") as refused:
        await database.write(by, lambda uow: revoke_access_token(uow, "shop"))
    assert refused.value.code == "NOT_FOUND"
