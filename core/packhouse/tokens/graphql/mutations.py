"""Making access tokens, changing what they may do, revoking them: within what whoever asks may do."""

from collections.abc import Awaitable
from datetime import datetime

import strawberry

from packhouse.sdk import Refused
from packhouse.storage import UnitOfWork
from packhouse.tokens.commands.change_token import change_token
from packhouse.tokens.commands.create_token import CreateToken, create_token
from packhouse.tokens.commands.revoke_token import revoke_token
from packhouse.tokens.graphql.types import AccessToken
from packhouse.tokens.queries import grant_now
from packhouse.web import models
from packhouse.web.context import Info
from packhouse.web.graphql.payloads import UserError, attempt
from packhouse.web.permissions import Grant, Permissions

_WHY = "Why, for the log."


@strawberry.input(description="An access token to make.")
class CreateAccessTokenInput:
    name: str = strawberry.field(description="What it is for: a person, a shop, a script. 58 characters at most.")
    permissions: list[str] = strawberry.field(
        description="What it is to allow, none of it beyond what this request's own token allows: `orders.read`, `fulfillment.write` "
        "(which includes reading), `*` for all of it. `packhouse docs permissions` says what each is for."
    )
    expires_at: datetime | None = strawberry.field(
        default=None,
        description="Until when it is valid, not after this request's own token; null: until it is revoked.",
    )
    reason: str = strawberry.field(default="", description=_WHY)


@strawberry.input(
    description="An access token to allow something else from now on, within what this request's own token allows."
)
class ChangeAccessTokenInput:
    name: str = strawberry.field(description="Its name.")
    permissions: list[str] = strawberry.field(description="What it is to allow from now on, in place of what it did.")
    reason: str = strawberry.field(default="", description=_WHY)


@strawberry.input(description="An access token that shall not be valid any more.")
class RevokeAccessTokenInput:
    name: str = strawberry.field(description="Its name; it may be given to another one afterwards.")
    reason: str = strawberry.field(default="", description=_WHY)


@strawberry.type(description="The access token that was made.")
class CreateAccessTokenPayload:
    token: str | None = strawberry.field(
        description="What to send as `Authorization: Bearer`. It is shown here and never again; null where none was made."
    )
    access_token: AccessToken | None = strawberry.field(description="What is kept of it; null where none was made.")
    user_errors: list[UserError] = strawberry.field(description="Why none was made; empty when it worked.")


@strawberry.type(description="The access token that was changed.")
class AccessTokenPayload:
    access_token: AccessToken | None = strawberry.field(
        description="The token as it is now; null where nothing was changed."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty when it worked.")


@strawberry.type(description="Changes of access tokens.")
class TokensMutations:
    @strawberry.mutation(
        description="Make an access token. It is shown once, so a request with an Idempotency-Key, whose answer is kept, is refused."
    )
    async def create_access_token(self, info: Info, input: CreateAccessTokenInput) -> CreateAccessTokenPayload:
        token, errors = await attempt(_created(info, input))
        row = None if token is None else await models.AccessToken.get(name=input.name.strip(), revoked_at=None)
        return CreateAccessTokenPayload(
            token=token, access_token=None if row is None else AccessToken.of(row), user_errors=errors
        )

    @strawberry.mutation(
        description="Let an access token allow something else; every process takes it over within seconds."
    )
    async def change_access_token(self, info: Info, input: ChangeAccessTokenInput) -> AccessTokenPayload:
        async def change(uow: UnitOfWork) -> models.AccessToken:
            permissions = Permissions.of(input.permissions)
            return await change_token(uow, input.name, permissions, await _giver(info), input.reason)

        return await _payload(info.context.write(change))

    @strawberry.mutation(
        description="Let an access token be valid no more; every process takes it over within seconds."
    )
    async def revoke_access_token(self, info: Info, input: RevokeAccessTokenInput) -> AccessTokenPayload:
        async def revoke(uow: UnitOfWork) -> models.AccessToken:
            return await revoke_token(uow, input.name, await _giver(info), input.reason)

        return await _payload(info.context.write(revoke))


async def _giver(info: Info) -> Grant:
    """What whoever asks may do now: one that was just revoked makes no successor in the seconds until that is noticed."""
    return await grant_now(info.context.grant.name)


async def _created(info: Info, input: CreateAccessTokenInput) -> str:
    context = info.context
    if context.by.request is not None:
        raise Refused("NOT_REPEATABLE", "a token is shown once and kept nowhere: send this without an Idempotency-Key")
    data = CreateToken(input.name, Permissions.of(input.permissions), input.expires_at, input.reason)

    async def create(uow: UnitOfWork) -> str:
        return await create_token(uow, data, await _giver(info))

    return await context.write(create)


async def _payload(change: Awaitable[models.AccessToken]) -> AccessTokenPayload:
    row, errors = await attempt(change)
    return AccessTokenPayload(access_token=None if row is None else AccessToken.of(row), user_errors=errors)
