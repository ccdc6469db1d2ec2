"""Connections to NATS that leave nothing behind: its client keeps the socket open where a server takes it and says nothing."""

import asyncio
from contextlib import suppress
from typing import Any

from nats.aio.client import Client

_LEAVE_SECONDS = 2.0


async def connect(url: str, **options: Any) -> Client:
    """A connected client; `options` are those of `nats.connect`.

    Raises:
        Exception: no server answers.
    """
    client = Client()
    try:
        await client.connect(url, **options)
    except BaseException:
        await leave(client)
        raise
    return client


async def leave(client: Client) -> None:
    """Close it, whatever becomes of what is still to be sent; a server that hangs holds up nobody."""
    with suppress(Exception):
        async with asyncio.timeout(_LEAVE_SECONDS):
            await client.close()
