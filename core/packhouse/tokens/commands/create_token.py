"""Making an access token: shown once, kept as a digest."""

from dataclasses import dataclass
from datetime import datetime

from packhouse.sdk import EventType, Refused, new_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import insert_sql, row_values
from packhouse.tokens.commands.tell_token import tell_token
from packhouse.tokens.rules import OPERATOR, check_expiry, check_within, checked_name
from packhouse.web.authentication import new_token, ticket_of
from packhouse.web.permissions import ALL, Grant, Permissions


@dataclass(frozen=True, slots=True)
class CreateToken:
    """A token for one app, person or script; without `expires_at` it is valid until it is revoked."""

    name: str
    permissions: Permissions
    expires_at: datetime | None = None
    reason: str = ""


async def create_token(uow: UnitOfWork, data: CreateToken, giver: Grant) -> str:
    """Make a token and return it; nobody can read it again. `giver` is what whoever makes it may do.

    Raises:
        InvalidValue: no name, a long one or one that cannot be printed; an end that is past or has no time zone.
        Refused: NAME_TAKEN: a token that was not revoked has it; PERMISSION_NOT_HELD, EXPIRES_TOO_LATE: it is more than the giver has.
    """
    name = checked_name(data.name)
    check_expiry(data.expires_at, giver)
    check_within(data.permissions, giver)
    token, id_ = new_token(), new_id()
    row = {
        "id": id_,
        "name": name,
        "digest": ticket_of(token),
        "permissions": data.permissions.words,
        "created_by": uow.initiator.actor,
        "created_at": now(),
        "expires_at": data.expires_at,
        "revoked_by": "",
    }
    columns = tuple(row)
    made = await uow.fetch(
        f"{insert_sql('access_token', columns, 1)} ON CONFLICT DO NOTHING RETURNING id", *row_values([row], columns)
    )
    if not made:
        raise Refused("NAME_TAKEN", f"There is a token {name} already: revoke it or take another name", "name")
    made_of = Grant(name, data.permissions, data.expires_at)
    tell_token(uow, EventType.ACCESS_TOKEN_CREATED, id_, before=None, after=made_of, reason=data.reason)
    return token


async def create_admin_token(uow: UnitOfWork, name: str) -> str:
    """Make a token that may do everything, as whoever has the database in their hands can.

    Raises:
        InvalidValue: no name, a long one or one that cannot be printed.
        Refused: NAME_TAKEN.
    """
    return await create_token(uow, CreateToken(name, ALL), OPERATOR)
