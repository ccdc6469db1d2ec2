"""How the two processes talk: a JSON object a line."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from packhouse import sdk
from packhouse.sdk import CustomerSnapshot, Event, OrderSnapshot

LONGEST_LINE = 64 * 1024 * 1024
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
ORDER: TypeAdapter[OrderSnapshot | None] = TypeAdapter(OrderSnapshot | None)
CUSTOMER: TypeAdapter[CustomerSnapshot | None] = TypeAdapter(CustomerSnapshot | None)

METHODS = frozenset({"push_shipment", "submit", "buy_label", "invite"})
"""What providers are asked for again."""

Message = Mapping[str, Any]


def request_of(message: Message) -> Any:  # noqa: ANN401  (one of the SDK's requests)
    """The request in a message: its `kind` is the name of an SDK's class."""
    return TypeAdapter(getattr(sdk, message["kind"])).validate_python(message["request"], strict=False)


class Ended(Exception):
    """The other process has gone."""


async def read(reader: asyncio.StreamReader) -> Message:
    """The next message.

    Raises:
        Ended: there is none any more.
    """
    line = await reader.readline()
    if not line:
        raise Ended
    message: Message = json.loads(line)
    return message


def written(message: Message) -> bytes:
    """A message as a line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"
