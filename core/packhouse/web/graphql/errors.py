"""Errors that a client of the GraphQL API may see, with the code that goes into `extensions.code`.

What is about one input says which: its path in `extensions.field`, as in `userErrors`, and before the message.
"""

from enum import StrEnum

from graphql import GraphQLError
from tortoise.exceptions import ValidationError

from packhouse.sdk import InvalidValue


class ErrorCode(StrEnum):
    """Every code of an execution error. Business refusals are `userErrors` in the payload instead."""

    PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    CONFLICT = "CONFLICT"
    THROTTLED = "THROTTLED"
    TIMEOUT = "TIMEOUT"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    LAGGED = "LAGGED"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


class BadUserInput(GraphQLError):
    """An argument, or a field of one (`filter.orderIds`), that cannot be meant: the message says what is expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(
            about(field, message), extensions={"code": ErrorCode.BAD_USER_INPUT.value, "field": field_path(field)}
        )


class CursorExpired(GraphQLError):
    """A cursor older than what the log still keeps: whoever follows would miss something without knowing."""

    def __init__(self, field: str) -> None:
        message = "the log no longer keeps all that came after this cursor: read how things stand now, then follow from now on"
        super().__init__(
            about(field, message), extensions={"code": ErrorCode.CURSOR_EXPIRED.value, "field": field_path(field)}
        )


def field_path(field: str | None) -> list[str] | None:
    """The path of an input, `lines.0.sku` in pieces; None where nothing is named."""
    return field.split(".") if field else None


def about(field: str | None, message: str) -> str:
    """A message with the input that it is about before it, where one is named."""
    return f"{field}: {message}" if field else message


def cannot_be_kept(error: ValidationError) -> InvalidValue:
    """What the ORM says of a value that no column of its kind can hold, also where it was only looked for: a text that is too long.

    Its own message quotes the value, which may be of any length.
    """
    column = str(error).partition(":")[0]
    first, *rest = column.split("_")
    return InvalidValue(
        "".join([first, *(word.capitalize() for word in rest)]),
        "it is longer than anything that is kept under this name",
    )
