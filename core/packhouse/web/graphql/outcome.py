"""What came out of an operation, as HTTP and WebSocket both tell it."""

from typing import Any

from starlette.responses import Response
from strawberry.types.execution import ExecutionResult, PreExecutionError

from packhouse.settings import Settings
from packhouse.web.graphql.answers import GRAPHQL_JSON, answer
from packhouse.web.graphql.errors import ErrorCode
from packhouse.web.graphql.presentation import execution_errors, request_errors, single_error


def timed_out(settings: Settings) -> dict[str, Any]:
    """The error of an operation that took too long."""
    seconds = settings.graphql.timeout_seconds
    message = (
        f"The operation took longer than {seconds:g} s and was cancelled: ask for less; a mutation may have been done"
    )
    return single_error(ErrorCode.TIMEOUT, message)


def stopped_before_execution(result: ExecutionResult) -> bool:
    """Whether nothing was executed: the document or its variables are wrong."""
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def errors_of(result: ExecutionResult, correlation_id: str) -> list[dict[str, Any]]:
    """A result's errors as clients see them."""
    errors = result.errors or []
    if stopped_before_execution(result):
        return request_errors(errors, correlation_id, in_variables=not isinstance(result, PreExecutionError))
    return execution_errors(errors, correlation_id)


def body_of(result: ExecutionResult, correlation_id: str) -> dict[str, Any]:
    """A result as JSON; without `data` where nothing was executed."""
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = errors_of(result, correlation_id)
    if not stopped_before_execution(result):
        body["data"] = result.data
        if result.extensions:
            body["extensions"] = result.extensions
    return body


def answer_of(result: ExecutionResult, correlation_id: str, media_type: str) -> Response:
    """A result as HTTP's answer."""
    # the draft wants 4xx where the answer says that it is GraphQL's, and 200 in plain JSON for old clients
    refused = stopped_before_execution(result) and media_type == GRAPHQL_JSON
    status = 403 if _is_forbidden(result) else 400
    return answer(body_of(result, correlation_id), media_type, status=status if refused else 200)


def _is_forbidden(result: ExecutionResult) -> bool:
    """Whether nothing was executed because whoever asks may not have it executed."""
    return isinstance(result, PreExecutionError) and any(
        (error.extensions or {}).get("code") == ErrorCode.FORBIDDEN.value for error in result.errors or ()
    )
