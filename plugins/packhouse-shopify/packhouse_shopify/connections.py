"""Reads Relay connections of the Admin API to their end."""

from collections.abc import Mapping

from packhouse.sdk import ProviderRefused, ProviderUnavailable
from packhouse_shopify.client import AdminClient, Json


def nodes_of(connection: object) -> tuple[list[Json], str | None]:
    """The objects of a connection, and the cursor of the rest (None at the end).

    Raises:
        ProviderUnavailable: it has not the shape of a connection.
    """
    nodes = connection.get("nodes") if isinstance(connection, Mapping) else None
    page = connection.get("pageInfo") if isinstance(connection, Mapping) else None
    if not isinstance(nodes, list):
        raise ProviderUnavailable("Shopify's answer lacks the nodes of a connection")
    found = [node for node in nodes if isinstance(node, Mapping)]
    if not isinstance(page, Mapping) or not page.get("hasNextPage"):
        return found, None
    cursor = page.get("endCursor")
    if not isinstance(cursor, str) or not cursor:
        raise ProviderUnavailable("Shopify's answer has more pages, but no cursor")
    return found, cursor


async def rest_of(client: AdminClient, text: str, owner_id: object, path: tuple[str, str], cursor: str) -> list[Json]:
    """The objects behind a cursor, page by page; `path` is the query's root field and its connection."""
    found: list[Json] = []
    seen = set()
    after: str | None = cursor
    while after:
        if after in seen:
            raise ProviderUnavailable(f"Shopify gave the same cursor of {path[1]} twice")
        seen.add(after)
        answer = await client.read(text, {"id": owner_id, "after": after})
        owner = answer.data.get(path[0])
        if not isinstance(owner, Mapping):
            raise ProviderRefused(f"Shopify no longer has the {path[0]} {owner_id}")
        nodes, after = nodes_of(owner.get(path[1]))
        found += nodes
    return found


async def all_of(client: AdminClient, text: str, owner: Json, path: tuple[str, str]) -> list[Json]:
    """All objects of a connection whose first page is in `owner`."""
    nodes, cursor = nodes_of(owner.get(path[1]))
    if cursor:
        nodes += await rest_of(client, text, owner.get("id"), path, cursor)
    return nodes
