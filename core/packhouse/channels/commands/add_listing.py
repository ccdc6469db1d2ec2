"""Saying which of our variants a channel means by its own SKU."""

from dataclasses import dataclass

from packhouse.catalog.models import Variant
from packhouse.channels.commands.create_channel import active_channel, tell_channel
from packhouse.channels.models import Listing
from packhouse.sdk import InvalidValue, Refused
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class AddListing:
    """A channel's SKU for one of our variants; adding it again points it to another variant."""

    channel: str
    channel_sku: str
    sku: str


async def add_listing(uow: UnitOfWork, data: AddListing) -> Listing:
    """Add or change a listing.

    Raises:
        InvalidValue: no channel SKU, or a long one.
        Refused: UNKNOWN_CHANNEL, UNKNOWN_SKU.
    """
    if not data.channel_sku.strip():
        raise InvalidValue("channelSku", "a listing needs the channel's SKU")
    check_length(data.channel_sku, 100, "channelSku")
    channel = await active_channel(data.channel)
    variant = await Variant.get_or_none(sku=data.sku)
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {data.sku}", "sku")
    earlier = await Listing.get_or_none(channel=channel, channel_sku=data.channel_sku)
    uow.moved.update({variant.id} | ({earlier.variant_id} if earlier else set()))
    listing, _ = await Listing.update_or_create(
        channel=channel, channel_sku=data.channel_sku, defaults={"variant": variant}
    )
    tell_channel(uow, channel, "listing", channel_sku=data.channel_sku, sku=variant.sku)
    return listing
