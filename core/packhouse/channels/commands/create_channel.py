"""Adding a place where orders are placed."""

import re
from dataclasses import dataclass

from packhouse.catalog.commands.set_price import EVERY_CHANNEL
from packhouse.channels.models import Channel
from packhouse.events.record import record
from packhouse.sdk import EventType, InvalidValue, Refused, new_id, now
from packhouse.sdk.values import check_length
from packhouse.storage import Reader, UnitOfWork

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@dataclass(frozen=True, slots=True)
class CreateChannel:
    """A channel to create; `provider` is the plugin's provider behind it, empty for one that uses the API."""

    code: str
    name: str
    provider: str = ""
    is_demo: bool = False


async def create_channel(uow: UnitOfWork, data: CreateChannel) -> Channel:
    """Create a channel.

    Raises:
        InvalidValue: the code is "all" or has other characters than a-z, 0-9, - and _, there is no name, or a long one.
        Refused: DUPLICATE_CODE.
    """
    if not _CODE.fullmatch(data.code):
        raise InvalidValue("code", f"{data.code!r} is no channel code: use a-z, 0-9, - and _, at most 60")
    if data.code == EVERY_CHANNEL:
        raise InvalidValue("code", f"{data.code} means every channel: take another code")
    if not data.name.strip():
        raise InvalidValue("name", "a channel needs a name")
    check_length(data.name, 255, "name")
    check_length(data.provider, 64, "provider")
    if await Channel.exists(code=data.code):
        raise Refused("DUPLICATE_CODE", f"there is a channel with code {data.code} already", "code")
    channel = await Channel.create(
        code=data.code, name=data.name, provider=data.provider, is_demo=data.is_demo, created_at=now()
    )
    tell_channel(uow, channel, "created")
    return channel


def tell_channel(uow: UnitOfWork, channel: Channel, change: str, **of: object) -> None:
    """Record that something about a channel is new."""
    record(uow, EventType.CHANNEL_CHANGED, new_id(), payload={"code": channel.code, "change": change, **of})


async def takes_orders(reader: Reader, code: str) -> bool:
    """Let an order pass that is placed on an active channel; returns whether the channel is the demo's.

    Raises:
        Refused: UNKNOWN_CHANNEL, CHANNEL_INACTIVE.
    """
    rows = await reader.look_up("SELECT is_active, is_demo FROM channel WHERE code = $1", code)
    if not rows:
        raise Refused("UNKNOWN_CHANNEL", f"there is no channel with code {code}", "channel")
    if not rows[0]["is_active"]:
        raise Refused("CHANNEL_INACTIVE", f"channel {code} takes no orders", "channel")
    return bool(rows[0]["is_demo"])


async def active_channel(code: str, field: str = "channel") -> Channel:
    """The channel of a code.

    Raises:
        Refused: UNKNOWN_CHANNEL, CHANNEL_INACTIVE.
    """
    channel = await Channel.get_or_none(code=code)
    if channel is None:
        raise Refused("UNKNOWN_CHANNEL", f"there is no channel with code {code}", field)
    if not channel.is_active:
        raise Refused("CHANNEL_INACTIVE", f"channel {code} takes no orders", field)
    return channel
