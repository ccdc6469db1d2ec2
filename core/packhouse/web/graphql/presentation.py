"""What clients see of errors: their code, and nothing of our insides."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.relay.types import GlobalIDValueError
from strawberry.schema.exceptions import CannotGetOperationTypeError
from tortoise.exceptions import ValidationError

from packhouse.sdk import InvalidValue, Refused
from packhouse.telemetry.brief import brief
from packhouse.web.graphql.errors import ErrorCode, about, cannot_be_kept, field_path

log = logging.getLogger(__name__)

_USERS_FAULT = (Refused, InvalidValue, GlobalIDValueError)


def request_errors(
    errors: Iterable[GraphQLError], correlation_id: str, *, in_variables: bool = False
) -> list[dict[str, Any]]:
    """Errors that stopped an operation before it was executed: the document's, or its variables' (`in_variables`)."""
    code = ErrorCode.BAD_USER_INPUT if in_variables else ErrorCode.VALIDATION_FAILED
    return [_request_error(error, code, correlation_id) for error in errors]


def execution_errors(errors: Sequence[GraphQLError], correlation_id: str) -> list[dict[str, Any]]:
    """Errors of an execution: expected ones as they are, others masked and logged with the correlation id."""
    return [_execution_error(error, correlation_id) for error in errors]


def internal_error(correlation_id: str) -> dict[str, Any]:
    """The error for what nobody expected; the log has it under the correlation id."""
    return single_error(
        ErrorCode.INTERNAL_SERVER_ERROR,
        f"Something went wrong on our side. Quote {correlation_id} when you report it.",
        correlationId=correlation_id,
    )


def single_error(code: ErrorCode, message: str, **extensions: Any) -> dict[str, Any]:
    """An error without a place in a document."""
    return {"message": brief(message), "extensions": {"code": code.value, **extensions}}


def _execution_error(error: GraphQLError, correlation_id: str) -> dict[str, Any]:
    cause = cause_of(error)
    if isinstance(cause, ValidationError):
        cause = cannot_be_kept(cause)
    if isinstance(cause, GraphQLError):
        return _formatted(error, _own_code(cause) or ErrorCode.BAD_USER_INPUT.value)
    if isinstance(cause, Refused):
        return _about(error, cause, reason=cause.code)
    if isinstance(cause, InvalidValue):
        return _about(error, cause)
    if isinstance(cause, GlobalIDValueError):
        return _formatted(error, ErrorCode.BAD_USER_INPUT.value)
    log.error("GraphQL field %s failed [%s]", _path(error), correlation_id, exc_info=cause)
    masked = internal_error(correlation_id)
    if error.path is not None:
        masked["path"] = error.path
    if error.locations:
        masked["locations"] = [location.formatted for location in error.locations]
    return masked


def cause_of(error: GraphQLError) -> Exception:
    """What was raised first: Strawberry and graphql-core wrap it, sometimes twice."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _request_error(error: GraphQLError, code: ErrorCode, correlation_id: str) -> dict[str, Any]:
    own = _own_code(error)
    if own:
        return _formatted(error, own)
    if isinstance(error.original_error, RecursionError):
        return single_error(ErrorCode.PARSE_FAILED, "The document or its variables are nested too deeply")
    if isinstance(cause_of(error), (*_USERS_FAULT, ValidationError)):
        # a subscription's stream refuses before its first result
        return _execution_error(error, correlation_id)
    if isinstance(error.original_error, CannotGetOperationTypeError):
        return single_error(ErrorCode.BAD_USER_INPUT, error.original_error.as_http_error_reason())
    if error.original_error is not None and not error.nodes:
        log.error("GraphQL failed before the execution [%s]", correlation_id, exc_info=error.original_error)
        return internal_error(correlation_id)
    if isinstance(error, GraphQLSyntaxError):
        return _formatted(error, ErrorCode.PARSE_FAILED.value)
    return _formatted(error, code.value)


def _own_code(error: GraphQLError) -> str | None:
    return (error.extensions or {}).get("code")


def _formatted(error: GraphQLError, code: str, **extensions: str) -> dict[str, Any]:
    formatted: dict[str, Any] = {**error.formatted, "message": brief(error.message)}
    formatted["extensions"] = {**(error.extensions or {}), "code": code, **extensions}
    return formatted


def _about(error: GraphQLError, cause: Refused | InvalidValue, **extensions: str) -> dict[str, Any]:
    """What is wrong with an input, and which one it is."""
    formatted = _formatted(error, ErrorCode.BAD_USER_INPUT.value, **extensions)
    formatted["message"] = brief(about(cause.field, cause.message))
    path = field_path(cause.field)
    if path is not None:
        formatted["extensions"]["field"] = path
    return formatted


def _path(error: GraphQLError) -> str:
    return ".".join(str(step) for step in error.path or ()) or "(none)"
