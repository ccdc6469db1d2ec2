import pytest

from packhouse.sdk import Refused
from packhouse.storage import Database, Initiator
from packhouse.tokens.commands.change_token import change_token
from packhouse.tokens.commands.create_token import CreateToken, create_token
from packhouse.tokens.commands.revoke_token import revoke_token
from packhouse.tokens.rules import OPERATOR
from packhouse.web.models import AccessToken
from packhouse.web.permissions import ALL, Grant, Permissions

READING = Permissions.of(["orders.read"])
KEEPER = Grant("keeper", Permissions.of(["orders.write", "tokens.write"]))


async def make(database: Database, by: Initiator, permissions: Permissions) -> None:
    await database.write(by, lambda uow: create_token(uow, CreateToken("shop", permissions), OPERATOR))


async def test_a_token_is_given_other_permissions(database: Database, by: Initiator) -> None:
    await make(database, by, READING)
    wider = Permissions.of(["orders.write"])
    row = await database.write(by, lambda uow: change_token(uow, " shop ", wider, KEEPER))
    assert row.permissions == (await AccessToken.get(name="shop")).permissions == ["orders.write"]


async def test_a_revoked_one_stays_with_who_took_it(database: Database, by: Initiator) -> None:
    await make(database, by, READING)
    await database.write(by, lambda uow: revoke_token(uow, "shop", KEEPER))
    row = await AccessToken.get(name="shop")
    assert (row.revoked_by, row.revoked_at is None) == (by.actor, False)
    await make(database, by, READING)
    assert await AccessToken.filter(name="shop").count() == 2


async def test_nobody_changes_one_that_may_do_more(database: Database, by: Initiator) -> None:
    await make(database, by, ALL)
    for change in (
        lambda uow: change_token(uow, "shop", READING, KEEPER),
        lambda uow: revoke_token(uow, "shop", KEEPER),
    ):
        with pytest.raises(Refused, match=r"keeper does not have \* itself") as refused:
            await database.write(by, change)
        assert refused.value.code == "PERMISSION_NOT_HELD"
    row = await AccessToken.get(name="shop")
    assert (row.permissions, row.revoked_at) == (["*"], None)


async def test_nobody_gives_more_than_they_have(database: Database, by: Initiator) -> None:
    await make(database, by, READING)
    with pytest.raises(Refused, match=r"keeper does not have catalog\.read itself"):
        await database.write(
            by, lambda uow: change_token(uow, "shop", Permissions.of(["catalog.read", "orders.read"]), KEEPER)
        )
    assert (await AccessToken.get(name="shop")).permissions == ["orders.read"]


async def test_an_unknown_one_is_not_found(database: Database, by: Initiator) -> None:
    for change in (
        lambda uow: change_token(uow, "shop", READING, OPERATOR),
        lambda uow: revoke_token(uow, "shop", OPERATOR),
    ):
        with pytest.raises(Refused, match="no token shop in force") as refused:
            await database.write(by, change)
        assert (refused.value.code, refused.value.field) == ("NOT_FOUND", "name")
