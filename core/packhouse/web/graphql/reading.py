"""Queries from inside the house: a plugin reads through the same schema as everybody outside."""

import asyncio
from collections.abc import Mapping
from typing import Any

from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from packhouse.sdk import QueryRefused
from packhouse.web.context import Context
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.outcome import errors_of

_READING = frozenset({OperationType.QUERY})


async def read_data(
    schema: GuardedSchema, context: Context, document: str, variables: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The data of a query, within the limits of everybody's queries.

    Raises:
        QueryRefused: the document is not valid, is no query, takes too long, or a field of it failed.
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
        raise QueryRefused("the query took too long") from error
    if result.errors:
        raise QueryRefused("; ".join(str(each["message"]) for each in errors_of(result, context.by.correlation_id)))
    return result.data or {}
