"""A GraphQL request out of HTTP, or out of a WebSocket's message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from packhouse.web.body import BodyRefused, read_body, read_json
from packhouse.web.negotiation import read_media_type

LONGEST_URL_QUERY = 8192

# a NUL in a string literal of the document: \u0000 or \u{0}; escaped backslashes before it cost a false alarm at worst
_NUL_ESCAPE = re.compile(r"\\u(0000|\{0+\})")


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What is to be executed."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


async def read_request(request: Request, largest_body: int) -> GraphQLRequest:
    """The operation of a GET or POST request.

    Raises:
        BodyRefused: 400, 413, 414 or 415, with what is wrong.
    """
    if request.method == "GET":
        if len(request.scope.get("query_string", b"")) > LONGEST_URL_QUERY:
            raise BodyRefused(414, f"The URL's query is longer than {LONGEST_URL_QUERY} bytes: use POST")
        return _from_url(request.query_params)
    _check_content_type(request.headers.get("content-type"))
    return from_json(read_json(await read_body(request, largest_body), "The body"))


def from_json(parameters: object) -> GraphQLRequest:
    """The operation of a JSON object with `query`, `variables`, `operationName` and `extensions`.

    Raises:
        BodyRefused: 400: something is not what it has to be.
    """
    if isinstance(parameters, list):
        raise BodyRefused(400, "Batches are not supported: send each operation as a request of its own")
    if not isinstance(parameters, dict):
        raise BodyRefused(400, 'Expected a JSON object: {"query": "...", "variables": {...}}')
    query = parameters.get("query")
    if not isinstance(query, str) or not query.strip():
        raise BodyRefused(400, "`query` is missing: it has to be the text of a GraphQL document")
    if "\0" in query or _NUL_ESCAPE.search(query):
        raise BodyRefused(400, "`query` holds the character NUL, which cannot be stored")
    operation_name = parameters.get("operationName")
    if not isinstance(operation_name, str | None):
        raise BodyRefused(400, "`operationName` has to be text or null")
    for name in ("variables", "extensions"):
        if not isinstance(parameters.get(name), dict | None):
            raise BodyRefused(400, f"`{name}` has to be an object or null")
    return GraphQLRequest(query, parameters.get("variables"), operation_name or None)


def _from_url(given: Mapping[str, str]) -> GraphQLRequest:
    parameters: dict[str, Any] = dict(given)
    for name in ("variables", "extensions"):
        if parameters.get(name):
            parameters[name] = read_json(parameters[name], f"`{name}`")
        else:
            parameters.pop(name, None)
    return from_json(parameters)


def _check_content_type(header: str | None) -> None:
    media = read_media_type(header or "")
    if media.name != "application/json":
        raise BodyRefused(415, "The body's Content-Type has to be application/json")
    if media.parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
        raise BodyRefused(415, "The body has to be in UTF-8")
