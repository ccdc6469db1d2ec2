"""How a mutation answers: the changed object, or user errors with code, message and field."""

import logging
from collections.abc import Awaitable
from typing import TypeVar

import strawberry
from tortoise.exceptions import ValidationError

from packhouse.sdk import InvalidValue, ProviderError, Refused
from packhouse.sdk.states import IllegalTransition
from packhouse.telemetry.brief import brief
from packhouse.web.graphql.errors import cannot_be_kept, field_path

T = TypeVar("T")
log = logging.getLogger(__name__)


@strawberry.type(description="Why a mutation did nothing.")
class UserError:
    """A business refusal: nothing was changed."""

    code: str = strawberry.field(description="Upper snake case, stable: INSUFFICIENT_STOCK, INVALID_VALUE, NOT_FOUND.")
    message: str = strawberry.field(description="What happened, to what, and what to do next.")
    field: list[str] | None = strawberry.field(
        default=None, description="The path of the input field it concerns, where it concerns one."
    )


async def attempt(work: Awaitable[T]) -> tuple[T | None, list[UserError]]:
    """The result of a command, or the refusal as user errors, logged once. Anything else is a bug and stays an exception."""
    try:
        return await work, []
    except Refused as refused:
        error = UserError(code=refused.code, message=refused.message, field=field_path(refused.field))
    except InvalidValue as invalid:
        error = _invalid(invalid)
    except ValidationError as unkept:
        error = _invalid(cannot_be_kept(unkept))
    except IllegalTransition as illegal:
        error = UserError(code="ILLEGAL_STATE", message=str(illegal))
    except ProviderError as failed:
        error = UserError(code=_provider_code(failed), message=failed.detail)
    error.message = brief(error.message)
    log.info("refused %s: %s", error.code, error.message)
    return None, [error]


def _invalid(error: InvalidValue) -> UserError:
    return UserError(code="INVALID_VALUE", message=error.message, field=field_path(error.field))


def _provider_code(error: ProviderError) -> str:
    """PROVIDER_IN_DOUBT for ProviderInDoubt, and so on."""
    name = type(error).__name__.removeprefix("Provider")
    return "PROVIDER" + "".join(f"_{letter}" if letter.isupper() else letter for letter in name).upper()
