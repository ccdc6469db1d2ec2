"""What filters have in common."""

from typing import Any
from uuid import UUID

from strawberry.relay import GlobalID

from packhouse.web.graphql.ids import node_id


def given(**conditions: Any) -> dict[str, Any]:
    """The conditions that a client stated: those that are not null."""
    return {name: value for name, value in conditions.items() if value is not None}


def optional_id(global_id: GlobalID | None, type_name: str, field: str) -> UUID | None:
    """The id behind a global id, where one is given.

    Raises:
        Refused: INVALID_ID: of another type, or not an id at all.
    """
    return None if global_id is None else node_id(global_id, type_name, field)
