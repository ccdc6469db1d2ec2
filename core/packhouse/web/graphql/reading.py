"""Queries from inside the house: a plugin reads through the same schema as everybody outside."""

import asyncio
from collections.abc import Mapping
from typing import Any

from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from packhouse.sdk import QueryRefused, QueryUnanswered
from packhouse.storage import DatabaseLost
from packhouse.web.context import Context
from packhouse.web.graphql.errors import ErrorCode
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.outcome import errors_of
from packhouse.web.graphql.presentation import cause_of

_READING = frozenset({OperationType.QUERY})


async def read_data(
    schema: GuardedSchema, context: Context, document: str, variables: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The data of a query, within the limits of everybody's queries.

    Raises:
        QueryRefused: the document is not valid, is no query, or asks for what cannot be.
        QueryUnanswered: it takes too long, or something failed on our side.
        DatabaseLost: the database cannot be reached.
    """
    try:
        async with asyncio.timeout(context.settings.graphql.timeout_seconds) as context.deadline:
            result = await schema.execute(
                document,
                variable_values=dict(variables),
                context_value=context,
                allowed_operation_types=_READING,
            )
    except InvalidOperationTypeError as error:
        raise QueryRefused("only queries can be run here, no mutations and no subscriptions") from error
    except CannotGetOperationTypeError as error:
        raise QueryRefused(error.as_http_error_reason()) from error
    except TimeoutError as error:
        raise QueryUnanswered("the query took too long") from error
    if result.errors:
        raise _told(result, context.by.correlation_id)
    return result.data or {}


def _told(result: ExecutionResult, correlation_id: str) -> Exception:
    causes = [cause_of(error) for error in result.errors or ()]
    lost = next((cause for cause in causes if isinstance(cause, DatabaseLost)), None)
    if lost is not None:
        return lost
    errors = errors_of(result, correlation_id)
    text = "; ".join(str(each["message"]) for each in errors)
    ours = any(each["extensions"]["code"] == ErrorCode.INTERNAL_SERVER_ERROR for each in errors)
    return QueryUnanswered(text) if ours else QueryRefused(text)
