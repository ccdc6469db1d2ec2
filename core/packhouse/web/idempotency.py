"""Requests that their senders may repeat: a key is taken once, and its first answer is given again.

A process that dies leaves its claim to whoever comes after `claimed_until`; what it had done is not done again, because
each change of a keyed request is remembered in its own transaction (`write_once`).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from packhouse.sdk import new_id, now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import insert_sql, read_id, read_time

LONGEST_KEY = 255
_BY = Initiator("system", "idempotency")
_KEY = re.compile(r"[\x21-\x7e]+")
_BATCH = 500


class KeyRefused(Exception):
    """A key cannot be used: 400 malformed, 409 its request is running, 422 it belongs to another request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Claim:
    """A keyed request in our hands: `fence` is the number of the claim."""

    id: UUID
    fence: int


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What the request was answered the first time."""

    body: str


def checked_key(key: str) -> str:
    """A key as its sender wrote it.

    Raises:
        KeyRefused: 400: empty, too long, or with spaces or characters that are not ASCII.
    """
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise KeyRefused(400, f"Idempotency-Key has to be 1 to {LONGEST_KEY} ASCII characters without spaces")
    return key


def digest_of(query: str, variables: Mapping[str, Any] | None, operation_name: str | None) -> str:
    """The same for the same request, whatever the order of its keys."""
    asked = {"query": query, "variables": variables or {}, "operation": operation_name}
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def claim_request(
    database: Database, actor: str, key: str, digest: str, *, seconds: float, keep_hours: float
) -> Claim | KeptAnswer:
    """Take a key for `seconds`, or the answer that its request got before; it is kept for `keep_hours`.

    Raises:
        KeyRefused: 409 while the request runs, 422 where the key came with another request.
    """

    async def claim(uow: UnitOfWork) -> Claim | KeptAnswer:
        until, moment = now() + timedelta(seconds=seconds), now()
        row = {
            "id": new_id(),
            "actor": actor,
            "key": key,
            "digest": digest,
            "attempts": 1,
            "claimed_until": until,
            "expires_at": moment + timedelta(hours=keep_hours),
        }
        # two callers with one key meet here: the second waits for the first one's commit, and finds the key taken
        fresh = await uow.fetch(
            f"{insert_sql('kept_request', tuple(row), 1)} ON CONFLICT (actor, key) DO NOTHING RETURNING id",
            *row.values(),
        )
        if fresh:
            return Claim(read_id(fresh[0]["id"]), 1)
        (earlier,) = await uow.fetch(
            "SELECT id, digest, attempts, claimed_until, answer FROM kept_request "
            f"WHERE actor = $1 AND key = $2 {uow.for_update()}",
            actor,
            key,
        )
        return await _again(uow, earlier, row)

    return await database.write(_BY, claim)


async def _again(uow: UnitOfWork, earlier: Mapping[str, Any], row: Mapping[str, Any]) -> Claim | KeptAnswer:
    if earlier["digest"] != row["digest"]:
        raise KeyRefused(422, "This Idempotency-Key came with another request before: use a new one for a new request")
    if earlier["answer"] is not None:
        return KeptAnswer(earlier["answer"])
    claimed_until = earlier["claimed_until"]
    if claimed_until is not None and read_time(claimed_until) > now():
        raise KeyRefused(409, "The request with this Idempotency-Key is being worked on: ask again in a moment")
    claim = Claim(read_id(earlier["id"]), int(earlier["attempts"]) + 1)
    await uow.execute(
        "UPDATE kept_request SET attempts = $2, claimed_until = $3 WHERE id = $1",
        claim.id,
        claim.fence,
        row["claimed_until"],
    )
    return claim


async def keep_answer(database: Database, claim: Claim, body: str) -> None:
    """Keep the answer for whoever asks with the key again."""
    await _end(database, claim, "UPDATE kept_request SET answer = $3, claimed_until = NULL", body)


async def give_back(database: Database, claim: Claim) -> None:
    """Let the request be made again with its key: it has no answer that is worth keeping."""
    await _end(database, claim, "UPDATE kept_request SET claimed_until = $3", None)


async def forget_request(database: Database, claim: Claim) -> None:
    """The key is free again: nothing was executed that changes anything."""
    await database.write(
        _BY, lambda uow: uow.execute("DELETE FROM kept_request WHERE id = $1 AND attempts = $2", claim.id, claim.fence)
    )


async def forget_expired_requests(database: Database) -> int:
    """Remove what was kept long enough; returns how many requests."""
    removed = 0
    while count := await database.write(_BY, _forget_batch):
        removed += count
    return removed


async def _forget_batch(uow: UnitOfWork) -> int:
    rows = await uow.fetch(
        "SELECT id FROM kept_request WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2", now(), _BATCH
    )
    for row in rows:
        await uow.execute("DELETE FROM request_step WHERE request_id = $1", row["id"])
        await uow.execute("DELETE FROM kept_request WHERE id = $1", row["id"])
    return len(rows)


async def _end(database: Database, claim: Claim, change: str, value: str | None) -> None:
    sql = f"{change} WHERE id = $1 AND attempts = $2 AND answer IS NULL"
    await database.write(_BY, lambda uow: uow.execute(sql, claim.id, claim.fence, value))
