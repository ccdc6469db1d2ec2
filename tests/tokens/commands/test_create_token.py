import asyncio
import hashlib
from datetime import timedelta

import pytest

from packhouse.sdk import InvalidValue, Refused, now
from packhouse.storage import Database, Initiator
from packhouse.tokens.commands.create_token import CreateToken, create_admin_token, create_token
from packhouse.tokens.rules import OPERATOR
from packhouse.web.models import AccessToken
from packhouse.web.permissions import ALL, Grant, Permissions

READING = Permissions.of(["orders.read"])
TOMORROW = now() + timedelta(days=1)
GIVER = Grant("boss", Permissions.of(["orders.write", "tokens.write"]), TOMORROW)


async def make(database: Database, by: Initiator, data: CreateToken, giver: Grant = OPERATOR) -> str:
    return await database.write(by, lambda uow: create_token(uow, data, giver))


async def test_only_the_digest_is_kept(database: Database, by: Initiator) -> None:
    token = await make(database, by, CreateToken(" shop ", Permissions.of(["orders.read", "orders.write"]), TOMORROW))
    assert token.startswith("ph_")
    assert len(token) == 46
    (row,) = await AccessToken.all()
    assert (row.name, row.digest) == ("shop", hashlib.sha256(token.encode()).hexdigest())
    assert (row.permissions, row.expires_at, row.created_by) == (["orders.write"], TOMORROW, by.actor)
    assert (row.revoked_at, row.revoked_by) == (None, "")
    assert now() - row.created_at < timedelta(minutes=1)


async def test_an_administrators_may_do_everything(database: Database, by: Initiator) -> None:
    await database.write(by, lambda uow: create_admin_token(uow, "admin"))
    (row,) = await AccessToken.all()
    assert (row.permissions, row.expires_at) == (["*"], None)


async def test_of_two_at_once_one_has_the_name(database: Database, by: Initiator) -> None:
    made = await asyncio.gather(
        *(make(database, by, CreateToken("shop", READING)) for _ in range(5)), return_exceptions=True
    )
    refused = [each for each in made if isinstance(each, Refused)]
    assert [(each.code, each.field) for each in refused] == [("NAME_TAKEN", "name")] * 4
    assert await AccessToken.all().count() == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 59, "two\nlines", "bell\x07"])
async def test_a_token_needs_a_name(database: Database, by: Initiator, name: str) -> None:
    with pytest.raises(InvalidValue, match="1 to 58 characters that can be printed") as refused:
        await make(database, by, CreateToken(name, READING))
    assert refused.value.field == "name"
    assert await AccessToken.all().count() == 0


async def test_nobody_gives_more_than_they_have(database: Database, by: Initiator) -> None:
    for permissions, beyond in (
        (ALL, r"\*"),
        (Permissions.of(["orders.read", "catalog.write"]), "catalog.read, catalog.write"),
    ):
        with pytest.raises(Refused, match=f"boss does not have {beyond} itself") as refused:
            await make(database, by, CreateToken("shop", permissions, TOMORROW), GIVER)
        assert (refused.value.code, refused.value.field) == ("PERMISSION_NOT_HELD", "permissions")
    for late in (None, TOMORROW + timedelta(seconds=1)):
        with pytest.raises(Refused, match="boss itself expires at") as refused:
            await make(database, by, CreateToken("shop", READING, late), GIVER)
        assert (refused.value.code, refused.value.field) == ("EXPIRES_TOO_LATE", "expiresAt")
    assert await AccessToken.all().count() == 0
    await make(database, by, CreateToken("shop", READING, TOMORROW), GIVER)
    assert await AccessToken.all().count() == 1


async def test_an_end_is_in_the_future(database: Database, by: Initiator) -> None:
    for wrong, why in ((now(), "it is past"), (TOMORROW.replace(tzinfo=None), "time zone")):
        with pytest.raises(InvalidValue, match=why) as refused:
            await make(database, by, CreateToken("shop", READING, wrong))
        assert refused.value.field == "expiresAt"
    assert await AccessToken.all().count() == 0
