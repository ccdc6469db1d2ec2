"""Keeping units back from a channel, or from one of its listings."""

from dataclasses import dataclass

from packhouse.channels.commands.create_channel import active_channel, tell_channel
from packhouse.channels.counting import recount
from packhouse.channels.models import Channel, Listing
from packhouse.inventory.commands.adjust_stock import MAX_UNITS
from packhouse.sdk import InvalidValue, Refused
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetChannelBuffer:
    """Units of each variant that a channel never sells."""

    channel: str
    units: int


@dataclass(frozen=True, slots=True)
class SetListingBuffer:
    """Units that one listing never sells, whatever its channel keeps back; None: what its channel keeps back."""

    channel: str
    channel_sku: str
    units: int | None


async def set_channel_buffer(uow: UnitOfWork, data: SetChannelBuffer) -> Channel:
    """Keep units back from a channel; what it may sell is counted again.

    Raises:
        InvalidValue: no such number of units.
        Refused: UNKNOWN_CHANNEL, CHANNEL_INACTIVE.
    """
    _check(data.units)
    channel = await active_channel(data.channel)
    await Channel.filter(id=channel.id).update(buffer=data.units)
    tell_channel(uow, channel, "buffer", units=data.units)
    await recount(uow, channel.id)
    return await Channel.get(id=channel.id)


async def set_listing_buffer(uow: UnitOfWork, data: SetListingBuffer) -> Listing:
    """Keep units back from a listing; what it may sell is counted again.

    Raises:
        InvalidValue: no such number of units.
        Refused: UNKNOWN_CHANNEL, CHANNEL_INACTIVE, UNKNOWN_LISTING.
    """
    if data.units is not None:
        _check(data.units)
    channel = await active_channel(data.channel)
    listing = await Listing.get_or_none(channel_id=channel.id, channel_sku=data.channel_sku)
    if listing is None:
        raise Refused("UNKNOWN_LISTING", f"channel {data.channel} has no listing {data.channel_sku}", "channelSku")
    listing.buffer = data.units
    await listing.save(update_fields=["buffer"])
    uow.moved.add(listing.variant_id)
    tell_channel(uow, channel, "buffer", channel_sku=data.channel_sku, units=data.units)
    return listing


def _check(units: int) -> None:
    if not 0 <= units <= MAX_UNITS:
        raise InvalidValue("units", f"{units} is not a number of units from 0 to {MAX_UNITS}")
