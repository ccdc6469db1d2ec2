"""Whatever happens to a token is in the log, with who did it and why; nothing of the token itself is."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from packhouse.sdk import EventType, InvalidValue, Refused, fact_id, now
from packhouse.storage import Database, Initiator
from packhouse.storage.dialect import read_json
from packhouse.tokens.commands.change_token import change_token
from packhouse.tokens.commands.create_token import CreateToken, create_token
from packhouse.tokens.commands.revoke_token import revoke_token
from packhouse.tokens.rules import OPERATOR
from packhouse.web.models import AccessToken
from packhouse.web.permissions import ALL, Grant, Permissions

BY = Initiator("token:keeper", "api", "ticket-1", "cause-1")
READING, WRITING = Permissions.of(["orders.read"]), Permissions.of(["orders.read", "orders.write"])
TOMORROW = now() + timedelta(days=1)
KEEPER = Grant("keeper", Permissions.of(["orders.write", "tokens.write"]))


async def told(database: Database) -> list[dict[str, Any]]:
    rows = await database.fetch("SELECT * FROM event ORDER BY recorded_at, ordinal")
    return [{**dict(row), "payload": read_json(row["payload"])} for row in rows]


def pieces(secret: str, length: int = 8) -> set[str]:
    """Every part of a secret that is long enough not to stand somewhere by chance."""
    return {secret[start : start + length] for start in range(len(secret) - length + 1)}


def parts_in(text: str, *secrets: str) -> list[str]:
    return sorted(piece for secret in secrets for piece in pieces(secret) if piece in text)


async def test_its_whole_life_is_told(database: Database) -> None:
    made = CreateToken(" shop ", READING, TOMORROW, "a new shop")
    token = await database.write(BY, lambda uow: create_token(uow, made, OPERATOR))
    await database.write(BY, lambda uow: change_token(uow, "shop", WRITING, OPERATOR, "it confirms, too"))
    await database.write(BY, lambda uow: revoke_token(uow, "shop", OPERATOR, "the shop closed"))
    (row,) = await AccessToken.all()
    end = TOMORROW.isoformat()
    reading: Mapping[str, object] = {"permissions": ["orders.read"], "expires_at": end}
    writing: Mapping[str, object] = {"permissions": ["orders.write"], "expires_at": end}
    events = await told(database)
    assert [(each["type"], each["reason"], each["payload"]) for each in events] == [
        ("access_token_created", "a new shop", {"name": "shop", "before": None, "after": reading}),
        ("access_token_changed", "it confirms, too", {"name": "shop", "before": reading, "after": writing}),
        ("access_token_revoked", "the shop closed", {"name": "shop", "before": writing, "after": None}),
    ]
    who = {(each["actor"], each["origin"], each["correlation_id"], each["causation_id"]) for each in events}
    assert who == {("token:keeper", "api", "ticket-1", "cause-1")}
    assert {each["order_id"] for each in events} == {None}
    created, _, revoked = (str(each["id"]) for each in events)
    assert created == str(fact_id(EventType.ACCESS_TOKEN_CREATED, row.id))
    assert revoked == str(fact_id(EventType.ACCESS_TOKEN_REVOKED, row.id))
    assert parts_in(json.dumps(events, default=str), token, row.digest) == []
    # the search finds what it is for
    assert parts_in(f"... {token[:8]} ...", token) == [token[:8]]


async def test_an_administrators_without_end_is_told_so(database: Database) -> None:
    await database.write(BY, lambda uow: create_token(uow, CreateToken("boss", ALL), OPERATOR))
    (event,) = await told(database)
    assert event["payload"]["after"] == {"permissions": ["*"], "expires_at": None}


async def test_what_changes_nothing_is_not_told(database: Database) -> None:
    await database.write(BY, lambda uow: create_token(uow, CreateToken("shop", WRITING), OPERATOR))
    row = await database.write(BY, lambda uow: change_token(uow, "shop", WRITING, OPERATOR))
    assert row.permissions == ["orders.write"]
    assert [each["type"] for each in await told(database)] == ["access_token_created"]


async def test_what_is_refused_leaves_no_event(database: Database) -> None:
    await database.write(BY, lambda uow: create_token(uow, CreateToken("boss", ALL), OPERATOR))
    before = await told(database)
    for refused in (
        lambda uow: create_token(uow, CreateToken("boss", READING), OPERATOR),
        lambda uow: create_token(uow, CreateToken("", READING), OPERATOR),
        lambda uow: change_token(uow, "boss", READING, KEEPER),
        lambda uow: revoke_token(uow, "boss", KEEPER),
        lambda uow: revoke_token(uow, "nobody", OPERATOR),
    ):
        with pytest.raises((Refused, InvalidValue)):
            await database.write(BY, refused)
    assert await told(database) == before
    assert await AccessToken.filter(revoked_at=None).count() == 1
