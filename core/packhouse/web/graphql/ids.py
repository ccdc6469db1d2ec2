"""Relay's global ids in inputs."""

from uuid import UUID

from strawberry.relay import GlobalID

from packhouse.sdk import Refused


def node_id(global_id: GlobalID, type_name: str, field: str) -> UUID:
    """The id behind a global id of a type.

    Raises:
        Refused: INVALID_ID: of another type, or not an id at all.
    """
    if global_id.type_name == type_name:
        try:
            return UUID(global_id.node_id)
        except ValueError:
            pass
    raise Refused("INVALID_ID", f"{global_id} is not the id of a {type_name}", field)
