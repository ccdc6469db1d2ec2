"""Counting what channels may sell of variants; where a number is another than before, an event says so."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.channels.models import Channel, ChannelLocation, ChannelStock, Listing, ListingStock
from packhouse.channels.rules import Serving, Shelf, bundles_of, may_sell, units_for
from packhouse.events.arrays import any_id, bound
from packhouse.events.record import record
from packhouse.inventory.queries import parts_of_bundles
from packhouse.sdk import EventType, new_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import Dialect, insert_sql, read_id, row_values

READER = "channel stock"
_ROWS_AT_ONCE = 500

_SHELVES = """
SELECT stock_level.variant_id, stock_level.location_id, location.network,
       stock_level.on_hand - stock_level.allocated - stock_level.reserved - stock_level.damaged
       - stock_level.quarantined - stock_level.safety_stock - stock_level.backordered AS available
FROM stock_level JOIN location ON location.id = stock_level.location_id
WHERE location.is_active AND {variants}
"""
_KEPT = {
    "channel_stock": (("channel_id", "variant_id"), ("available", "version", "changed_at")),
    "listing_stock": (("listing_id",), ("quantity", "version", "due_at", "attempts", "error")),
}

Shelves = Mapping[UUID, Sequence[Shelf]]


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant on a channel, with the listings that it is sold by (none any more, where it was taken off) and what was counted before."""

    channel: Channel
    variant_id: UUID
    listings: Sequence[Listing]
    earlier: ChannelStock | None
    quantities: Mapping[UUID, ListingStock]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a channel may sell of a variant now, altogether and by listing."""

    offer: Offer
    available: int
    by_listing: Mapping[UUID, int]

    @property
    def news(self) -> Sequence[Listing]:
        """The listings whose number is another than before."""
        return [each for each in self.offer.listings if self.by_listing[each.id] != self._before(each)]

    @property
    def is_news(self) -> bool:
        """Whether any number is another than before."""
        earlier = self.offer.earlier
        return earlier is None or earlier.available != self.available or bool(self.news)

    def _before(self, listing: Listing) -> int | None:
        earlier = self.offer.quantities.get(listing.id)
        return None if earlier is None else earlier.quantity


async def hold_counting(uow: UnitOfWork, *, wait: bool) -> int | None:
    """Be the only one who counts, until the commit; returns up to which position of the log was counted.

    None where somebody else is at it and `wait` is False. Two who counted one number at once could keep the older one.
    """
    await uow.execute(
        "INSERT INTO log_reader (name, position) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", READER, -1
    )
    patience = "" if wait or uow.dialect is Dialect.SQLITE else "SKIP LOCKED"
    rows = await uow.fetch(
        f"SELECT position FROM log_reader WHERE name = $1 {uow.for_update()} {patience}",
        READER,
    )
    return int(rows[0]["position"]) if rows else None


async def count_stock(uow: UnitOfWork, variants: Collection[UUID], channel_id: UUID | None = None) -> int:
    """Count what channels (or this one) may sell of variants; the caller holds the counting. Returns how many numbers changed."""
    changed = 0
    ordered = sorted(variants)
    for start in range(0, len(ordered), _ROWS_AT_ONCE):
        changed += await _count(uow, ordered[start : start + _ROWS_AT_ONCE], channel_id)
    return changed


async def _count(uow: UnitOfWork, variants: Sequence[UUID], channel_id: UUID | None) -> int:
    offers = await _offers(variants, channel_id)
    if not offers:
        return 0
    units = await _units(uow, offers)
    counted = [_counted(offer, units[offer.channel.id, offer.variant_id]) for offer in offers]
    changed = [each for each in counted if each.is_news]
    skus = dict(await Variant.filter(id__in=sorted({offer.variant_id for offer in offers})).values_list("id", "sku"))
    for each in changed:
        _tell(uow, each, skus[each.offer.variant_id])
    at = now()
    await _keep(uow, "channel_stock", [_number(each, at) for each in changed if each.offer.listings])
    await _keep(uow, "listing_stock", [row for each in changed for row in _quantities(each, at)])
    gone = [offer.earlier.id for offer in offers if offer.earlier is not None and not offer.listings]
    await ChannelStock.filter(id__in=gone).delete()
    return len(changed)


async def _offers(variants: Sequence[UUID], channel_id: UUID | None) -> list[Offer]:
    """Where variants are sold, or were."""
    named: dict[str, Any] = {"variant_id__in": variants}
    if channel_id is not None:
        named["channel_id"] = channel_id
    known = {(row.channel_id, row.variant_id): row for row in await ChannelStock.filter(**named)}
    listed: dict[tuple[UUID, UUID], list[Listing]] = defaultdict(list, {key: [] for key in known})
    listings = await Listing.filter(**named).order_by("channel_sku")
    for listing in listings:
        listed[listing.channel_id, listing.variant_id].append(listing)
    quantities = {
        row.listing_id: row for row in await ListingStock.filter(listing_id__in=[each.id for each in listings])
    }
    channels = {row.id: row for row in await Channel.filter(id__in=sorted({channel for channel, _ in listed}))}
    return [
        Offer(channels[channel], variant, rows, known.get((channel, variant)), quantities)
        for (channel, variant), rows in sorted(listed.items(), key=lambda item: item[0])
    ]


async def _units(uow: UnitOfWork, offers: Sequence[Offer]) -> Mapping[tuple[UUID, UUID], int]:
    """Units that can be promised to each channel of each variant."""
    variants = sorted({offer.variant_id for offer in offers})
    bundles = await parts_of_bundles(variants)
    shelves = await _shelves(uow, {*variants, *(part for parts in bundles.values() for part in parts)})
    serving = await _serving({offer.channel.id: offer.channel for offer in offers})
    found = {}
    for offer in offers:
        by, parts = serving[offer.channel.id], bundles.get(offer.variant_id)
        if parts:
            of_parts = {part: units_for(by, shelves.get(part, ())) for part in parts}
            units = bundles_of(parts, of_parts)
        else:
            units = units_for(by, shelves.get(offer.variant_id, ()))
        found[offer.channel.id, offer.variant_id] = units
    return found


async def _shelves(uow: UnitOfWork, variants: Collection[UUID]) -> Shelves:
    statement = _SHELVES.format(variants=any_id(uow.dialect, "stock_level.variant_id", "$1"))
    shelves: dict[UUID, list[Shelf]] = defaultdict(list)
    for row in await uow.fetch(statement, bound(uow.dialect, variants)):
        shelves[read_id(row["variant_id"])].append(
            Shelf(read_id(row["location_id"]), row["network"], int(row["available"]))
        )
    return shelves


async def _serving(channels: Mapping[UUID, Channel]) -> Mapping[UUID, Serving]:
    named: dict[UUID, set[UUID]] = defaultdict(set)
    for row in await ChannelLocation.filter(channel_id__in=list(channels)):
        named[row.channel_id].add(row.location_id)
    return {id_: Serving(frozenset(named[id_]), channel.counts_networks) for id_, channel in channels.items()}


def _counted(offer: Offer, units: int) -> Counted:
    available = may_sell(units, offer.channel.buffer) if offer.listings else 0
    by_listing = {
        each.id: may_sell(units, offer.channel.buffer if each.buffer is None else each.buffer)
        for each in offer.listings
    }
    return Counted(offer, available, by_listing)


def _number(counted: Counted, at: datetime) -> dict[str, object]:
    earlier = counted.offer.earlier
    return {
        "id": new_id(),
        "channel_id": counted.offer.channel.id,
        "variant_id": counted.offer.variant_id,
        "available": counted.available,
        "version": 1 if earlier is None else earlier.version + 1,
        "changed_at": at,
    }


def _quantities(counted: Counted, at: datetime) -> list[dict[str, object]]:
    """The listings' new numbers, to be told to the channel now."""
    earlier = counted.offer.quantities
    return [
        {
            "id": new_id(),
            "listing_id": each.id,
            "channel_id": each.channel_id,
            "quantity": counted.by_listing[each.id],
            "version": earlier[each.id].version + 1 if each.id in earlier else 1,
            "due_at": at,
            "attempts": 0,
            "error": "",
        }
        for each in counted.news
    ]


def _tell(uow: UnitOfWork, counted: Counted, sku: str) -> None:
    offer = counted.offer
    record(
        uow,
        EventType.STOCK_CHANGED,
        new_id(),
        payload={
            "channel": offer.channel.code,
            "sku": sku,
            "variant_id": str(offer.variant_id),
            "available": counted.available,
            "previous": None if offer.earlier is None else offer.earlier.available,
            "listings": [
                {"channel_sku": each.channel_sku, "quantity": counted.by_listing[each.id]} for each in offer.listings
            ],
        },
    )


async def _keep(uow: UnitOfWork, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    key, changing = _KEPT[table]
    news = ", ".join(f"{column} = excluded.{column}" for column in changing)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        columns = tuple(part[0])
        await uow.execute(
            f"{insert_sql(table, columns, len(part))} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {news}",
            *row_values(part, columns),
        )
