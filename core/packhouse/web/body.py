"""Reads request bodies that strangers send: never more than allowed, never anything but JSON that can be meant."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.requests import Request


class BodyRefused(Exception):
    """A request's body or parameters cannot be used; `status` is the HTTP status to answer with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def read_body(request: Request, most: int) -> bytes:
    """The body, of at most `most` bytes, whether its length was announced or not.

    Raises:
        BodyRefused: 413: it is larger.
    """
    return b"".join([part async for part in body_parts(request, most)])


async def body_parts(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body part by part as it arrives, for what is too large to be held.

    Raises:
        BodyRefused: 413: it is larger than `most` bytes.
    """
    announced = request.headers.get("content-length", "")
    too_large = BodyRefused(413, f"The body is larger than {most} bytes, which is the most that is taken")
    if announced.isdecimal() and int(announced[:20]) > most:
        raise too_large
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_large
        yield part


def read_json(text: bytes | str, what: str) -> Any:  # noqa: ANN401  (JSON is any value)
    """JSON as a value.

    Raises:
        BodyRefused: 400: not JSON, not UTF-8, nested too deeply, or with a NUL character, which no database stores.
    """
    try:
        value = orjson.loads(text)
    except ValueError as error:
        raise BodyRefused(400, f"{what} is not JSON in UTF-8") from error
    if has_nul(value):
        raise BodyRefused(400, f"{what} holds the character NUL, which cannot be stored")
    return value


def has_nul(value: object) -> bool:
    """Whether a JSON value holds the character NUL anywhere."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if "\0" in each:
                return True
        elif isinstance(each, dict):
            waiting += each.keys()
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return False
