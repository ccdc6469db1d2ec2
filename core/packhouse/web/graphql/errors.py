"""Errors that a client of the GraphQL API may see, with the code that goes into `extensions.code`."""

from enum import StrEnum

from graphql import GraphQLError


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
    """An argument that cannot be meant: the message names it and says what is expected."""

    def __init__(self, argument: str, message: str) -> None:
        super().__init__(
            f"{argument}: {message}", extensions={"code": ErrorCode.BAD_USER_INPUT.value, "argument": argument}
        )


class CursorExpired(GraphQLError):
    """A cursor older than what the log still keeps: whoever follows would miss something without knowing."""

    def __init__(self, argument: str) -> None:
        super().__init__(
            f"{argument}: the log no longer keeps all that came after this cursor: "
            "read how things stand now, then follow from now on",
            extensions={"code": ErrorCode.CURSOR_EXPIRED.value, "argument": argument},
        )
