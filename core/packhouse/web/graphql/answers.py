"""GraphQL answers as HTTP responses."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from packhouse.telemetry.brief import brief
from packhouse.web.graphql.errors import ErrorCode
from packhouse.web.graphql.presentation import single_error

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
log = logging.getLogger(__name__)


def encode(value: object) -> bytes:
    """JSON; the slow way for what orjson refuses (integers over 64 bits, lone surrogates)."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def answer(
    body: Mapping[str, Any], media_type: str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A response that no cache keeps."""
    return Response(
        encode(body),
        status_code=status,
        headers={"cache-control": "no-store", **(headers or {})},
        media_type=f"{media_type}; charset=utf-8",
    )


def refusal(
    status: int, code: ErrorCode, message: str, media_type: str = JSON, *, headers: Mapping[str, str] | None = None
) -> Response:
    """A request that was not executed, as a GraphQL error without data; logged here and nowhere else."""
    log.info("refused %s %s: %s", status, code.value, brief(message))
    return answer({"errors": [single_error(code, message)]}, media_type, status=status, headers=headers)
