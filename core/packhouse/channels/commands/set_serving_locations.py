"""Saying which locations' stock a channel sells."""

from collections.abc import Sequence
from dataclasses import dataclass

from packhouse.channels.commands.create_channel import active_channel, tell_channel
from packhouse.channels.counting import recount
from packhouse.channels.models import Channel, ChannelLocation
from packhouse.inventory.models import Location
from packhouse.sdk import Refused
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetServingLocations:
    """The codes of the locations whose stock a channel sells, none for all of them; and whether networks' stock counts."""

    channel: str
    locations: Sequence[str] = ()
    networks: bool = True


async def set_serving_locations(uow: UnitOfWork, data: SetServingLocations) -> Channel:
    """Replace the locations that serve a channel; what it may sell is counted again.

    Raises:
        Refused: UNKNOWN_CHANNEL, CHANNEL_INACTIVE, UNKNOWN_LOCATION.
    """
    channel = await active_channel(data.channel)
    found = {row.code: row for row in await Location.filter(code__in=list(data.locations))}
    for index, code in enumerate(data.locations):
        if code not in found:
            raise Refused("UNKNOWN_LOCATION", f"there is no location with code {code}", f"locations.{index}")
    # locked, so that of any number who replace them at once each replaces what the one before has written
    await uow.fetch(f"SELECT id FROM channel WHERE id = $1 {uow.for_update()}", channel.id)
    await ChannelLocation.filter(channel_id=channel.id).delete()
    for row in found.values():
        await ChannelLocation.create(channel_id=channel.id, location_id=row.id)
    await Channel.filter(id=channel.id).update(counts_networks=data.networks)
    tell_channel(uow, channel, "locations", locations=sorted(found), networks=data.networks)
    await recount(uow, channel.id)
    return await Channel.get(id=channel.id)
