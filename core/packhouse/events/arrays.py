"""Lists of ids as one bound value, so that a statement stays the same for any number of them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from packhouse.storage.dialect import Dialect, as_json


def any_id(dialect: Dialect, column: str, parameter: str) -> str:
    """The condition that `column` is one of the ids bound to `parameter` (written as $1)."""
    if dialect is Dialect.POSTGRES:
        return f"{column} = ANY({parameter}::uuid[])"
    return f"{column} IN (SELECT value FROM json_each({parameter}))"


def any_text(dialect: Dialect, column: str, parameter: str) -> str:
    """The condition that `column` is one of the texts bound to `parameter`."""
    if dialect is Dialect.POSTGRES:
        return f"{column} = ANY({parameter}::text[])"
    return f"{column} IN (SELECT value FROM json_each({parameter}))"


def listed(dialect: Dialect, parameter: str) -> str:
    """The texts bound to `parameter` as rows of one column, `value`."""
    return f"unnest({parameter}::text[]) AS each(value)" if dialect is Dialect.POSTGRES else f"json_each({parameter})"


def bound(dialect: Dialect, values: Iterable[UUID | str]) -> Any:  # noqa: ANN401  (each driver has its own form)
    """The value for `any_id`, `any_text` and `listed`."""
    if dialect is Dialect.POSTGRES:
        return list(values)
    return as_json([str(value) for value in values])
