"""Reads of channels, listings and inbound messages."""

from packhouse.channels.models import Channel, InboundMessage, Listing
from packhouse.storage.batches import by_id, children

channels_by_id = by_id(Channel)
listings_by_id = by_id(Listing)
inbound_messages_by_id = by_id(InboundMessage)
listings_of_channels = children(Listing, "channel_id", "channel_sku")
