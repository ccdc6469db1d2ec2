"""Comparing what channels show with what they were told, where they can be asked; what differs is told again."""

import logging
from uuid import UUID

from packhouse.channels.models import Channel, ListingStock
from packhouse.hooks.services import Services
from packhouse.sdk import ListedStock, ProviderError, PushesStock, ShowsStock, now
from packhouse.storage import Initiator, UnitOfWork

_AT_ONCE = 100
_BEFORE_ALL = UUID(int=0)

# What was counted or told meanwhile is due or compared another day.
_COMPARED = """
UPDATE listing_stock SET compared_at = $4,
  due_at = CASE WHEN due_at IS NULL AND told_version = $2 AND told_quantity <> $3 THEN $4 ELSE due_at END
WHERE listing_id = $1
"""

log = logging.getLogger(__name__)


async def compare_stock(services: Services) -> int:
    """Ask every channel that can be asked; returns how many listings show another number than they were told."""
    differing = 0
    for channel in await Channel.filter(is_active=True).order_by("code"):
        provider: object = services.providers.channels.get(channel.code)
        if isinstance(provider, PushesStock) and isinstance(provider, ShowsStock):
            try:
                differing += await _compare(services, channel, provider)
            except ProviderError as error:
                log.warning("the stock of channel %s could not be compared: %s", channel.code, error.detail)
    return differing


async def _compare(services: Services, channel: Channel, provider: ShowsStock) -> int:
    differing, after = 0, _BEFORE_ALL
    while rows := await _told(channel.id, after):
        after = rows[-1].listing_id
        items = [ListedStock(row.listing.channel_sku, row.quantity, row.listing.external_id) for row in rows]
        shown = {each.channel_sku: each.quantity for each in await provider.shown_stock(items)}
        found = [(row, shown[row.listing.channel_sku]) for row in rows if row.listing.channel_sku in shown]
        differing += sum(row.due_at is None and quantity != row.told_quantity for row, quantity in found)

        async def keep(uow: UnitOfWork, found: list[tuple[ListingStock, int]] = found) -> None:
            for row, quantity in found:
                await uow.execute(_COMPARED, row.listing_id, row.told_version, quantity, now())

        await services.database.write(Initiator(f"channel:{channel.code}", "job"), keep)
    if differing:
        log.warning("channel %s showed another stock than it was told of %s listings", channel.code, differing)
    return differing


async def _told(channel_id: UUID, after: UUID) -> list[ListingStock]:
    return (
        await ListingStock.filter(channel_id=channel_id, listing_id__gt=after, told_version__isnull=False)
        .order_by("listing_id")
        .limit(_AT_ONCE)
        .select_related("listing")
    )
