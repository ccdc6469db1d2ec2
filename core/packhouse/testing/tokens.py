"""A test's own way in: a token that is there as if it had always been, so that the log tells only of what the test does."""

from packhouse.sdk import new_id, now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.web.authentication import new_token, ticket_of
from packhouse.web.permissions import ALL, Permissions

_BY = Initiator("tester", "test")


async def given_token(database: Database, name: str, permissions: Permissions = ALL) -> str:
    """An access token that nobody made."""
    token = new_token()
    row = {
        "id": new_id(),
        "name": name,
        "digest": ticket_of(token),
        "permissions": permissions.words,
        "created_by": _BY.actor,
        "created_at": now(),
        "expires_at": None,
        "revoked_by": "",
    }

    async def insert(uow: UnitOfWork) -> None:
        await uow.insert("access_token", [row])

    await database.write(_BY, insert)
    return token
