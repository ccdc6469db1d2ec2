"""What the database says about plugins, written and read on both databases."""

from typing import Any

import pytest
from pydantic import SecretStr

from packhouse.events.audience import plugins_version
from packhouse.events.models import EventRow
from packhouse.hooks.selection import StoredChoice
from packhouse.plugins.changes import Configure, DeleteSecret, Enable, KeepSecret
from packhouse.plugins.commands.make_change import make_change
from packhouse.plugins.commands.renew_secrets import Renewed, renew_secrets
from packhouse.plugins.stored import Stored, read_stored
from packhouse.plugins.vault import Vault
from packhouse.sdk import Refused
from packhouse.storage import Database, Initiator

OLD, NEW = Vault(["an old key of a test"]), Vault(["a new key of a test", "an old key of a test"])
LOST = Vault(["a key that is gone"])
PLANTED = SecretStr("planted-in-a-test-and-looked-for")


async def change(database: Database, by: Initiator, change: Any, proposed: Stored, vault: Vault = OLD) -> str:
    return await database.write(by, lambda uow: make_change(uow, vault, change, proposed))


def proposed(version: int, **choices: StoredChoice) -> Stored:
    return Stored(version, choices)


async def test_nothing_is_said_at_first(database: Database) -> None:
    assert await read_stored(database, OLD) == Stored(0, {})


async def test_what_was_changed_is_read_as_it_was_proposed(database: Database, by: Initiator) -> None:
    table = {"endpoints": {"a": {"url": "u"}}, "speed": 2}
    choice = StoredChoice(None, table)
    assert await change(database, by, Configure("post", table), proposed(0, post=choice)) == "1"
    assert await change(database, by, Enable("mail"), proposed(1, mail=StoredChoice(enabled=True))) == "2"
    assert await change(database, by, KeepSecret("post", "pin", PLANTED), proposed(2)) == "3"
    assert await change(database, by, KeepSecret("other", "pin", SecretStr("1")), proposed(3)) == "4"
    assert await read_stored(database, OLD) == Stored(
        4,
        {
            "mail": StoredChoice(enabled=True),
            "post": StoredChoice(None, table, {"pin": PLANTED}),
            "other": StoredChoice(secrets={"pin": SecretStr("1")}),
        },
    )
    assert await change(database, by, Enable("mail"), proposed(4, mail=StoredChoice(enabled=False))) == "5"
    assert await change(database, by, KeepSecret("other", "pin", SecretStr("2")), proposed(5)) == "6"
    assert await change(database, by, DeleteSecret("post", "pin"), proposed(6)) == "7"
    stored = await read_stored(database, OLD)
    assert (stored.of("mail").enabled, stored.of("post").secrets) == (False, {})
    assert stored.of("other").secrets == {"pin": SecretStr("2")}
    (row,) = await database.fetch("SELECT changed_by FROM plugin_choice WHERE code = 'mail'")
    assert row["changed_by"] == "tester"


@pytest.mark.parametrize(
    "late",
    [
        (Enable("post"), {"post": StoredChoice(enabled=True)}),
        (KeepSecret("post", "pin", PLANTED), {}),
        (DeleteSecret("post", "other"), {}),
    ],
)
async def test_who_decided_on_what_has_changed_since_changes_nothing(
    database: Database, by: Initiator, late: tuple[Any, dict[str, StoredChoice]]
) -> None:
    await change(database, by, KeepSecret("post", "other", PLANTED), proposed(0))
    before = await read_stored(database, OLD)
    with pytest.raises(Refused) as refusal:
        await change(database, by, late[0], Stored(0, late[1]))
    assert refusal.value.code == "CHANGED_MEANWHILE"
    assert await read_stored(database, OLD) == before


async def test_a_secret_that_is_not_there_cannot_be_forgotten(database: Database, by: Initiator) -> None:
    with pytest.raises(Refused) as refusal:
        await change(database, by, DeleteSecret("post", "pin"), proposed(0))
    assert (refusal.value.code, refusal.value.field) == ("NOT_FOUND", "name")
    assert await plugins_version(database) == 0


async def test_a_secret_is_encrypted_where_it_is_kept(database: Database, by: Initiator) -> None:
    await change(database, by, KeepSecret("post", "pin", PLANTED), proposed(0))
    (row,) = await database.fetch("SELECT * FROM plugin_secret")
    assert PLANTED.get_secret_value() not in str(dict(row))
    assert (await read_stored(database, LOST)).of("post").secrets == {"pin": None}


async def test_secrets_are_encrypted_anew_with_the_key_of_today(database: Database, by: Initiator) -> None:
    await change(database, by, KeepSecret("post", "old", PLANTED), proposed(0), OLD)
    await change(database, by, KeepSecret("post", "new", PLANTED), proposed(1), NEW)
    await change(database, by, KeepSecret("post", "lost", PLANTED), proposed(2), LOST)
    before = await database.fetch("SELECT name, token FROM plugin_secret ORDER BY name")
    renewed = await database.write(by, lambda uow: renew_secrets(uow, NEW))
    assert renewed == Renewed(1, (("post", "lost"),))
    after = await database.fetch("SELECT name, token FROM plugin_secret ORDER BY name")
    assert [old["token"] == new["token"] for old, new in zip(before, after, strict=True)] == [True, True, False]
    only_new = Vault(["a new key of a test"])
    assert (await read_stored(database, only_new)).of("post").secrets == {"lost": None, "new": PLANTED, "old": PLANTED}
    assert await database.write(by, lambda uow: renew_secrets(uow, NEW)) == Renewed(0, (("post", "lost"),))
    assert await plugins_version(database) == 3
    told = [event.payload for event in await EventRow.filter(type="plugin_changed")]
    assert [each for each in told if each["change"] == "secret_renewed"] == [
        {"plugin": "post", "change": "secret_renewed", "secret": "old"}
    ]
