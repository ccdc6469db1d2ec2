"""Telling a channel all of its stock again, whatever it was told before."""

from packhouse.channels.commands.create_channel import active_channel
from packhouse.channels.counting import recount
from packhouse.channels.models import Channel
from packhouse.sdk import Providers, PushesStock, Refused, now
from packhouse.storage import UnitOfWork


async def push_stock(uow: UnitOfWork, providers: Providers, code: str) -> Channel:
    """Let every listing of a channel be counted and told again, now.

    Raises:
        Refused: UNKNOWN_CHANNEL, CHANNEL_INACTIVE, TAKES_NO_STOCK (no plugin that pushes stock runs behind it).
    """
    channel = await active_channel(code)
    if not isinstance(providers.channels.get(code), PushesStock):
        raise Refused("TAKES_NO_STOCK", f"no plugin behind channel {code} can tell it its stock", "channel")
    await recount(uow, channel.id)
    await uow.execute(
        "UPDATE listing_stock SET due_at = $2, attempts = 0, error = '' WHERE channel_id = $1", channel.id, now()
    )
    await Channel.filter(id=channel.id).update(push_after=None, push_attempts=0)
    return await Channel.get(id=channel.id)
