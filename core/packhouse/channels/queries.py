"""Reads of channels, listings and inbound messages."""

from packhouse.channels.models import Channel, ChannelStock, InboundMessage, Listing, ListingStock
from packhouse.storage.batches import by_id, children

channels_by_id = by_id(Channel)
listings_by_id = by_id(Listing)
inbound_messages_by_id = by_id(InboundMessage)
listings_of_channels = children(Listing, "channel_id", "channel_sku")
listings_of_variants = children(Listing, "variant_id", "channel_sku")
availability_of_variants = children(ChannelStock, "variant_id", "channel_id")
stock_of_listings = children(ListingStock, "listing_id")
