"""What channels may sell against what is in stock, once everything that moved has been counted; the repair counts again."""

from packhouse.channels.commands.count_stock import READER, count_stock, hold_counting
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id
from packhouse.verification.invariants import Found, Invariant

# A number that was not counted yet is not wrong: movements are followed by the log, changed terms by `recount_from`.
_SETTLED = f"""channel.recount_from IS NULL AND NOT EXISTS (
  SELECT 1 FROM event WHERE moved IS NOT NULL AND (position IS NULL OR position > (
    SELECT position FROM log_reader WHERE name = '{READER}')))"""
_SERVED = """location.is_active AND (channel.counts_networks OR location.network = '')
  AND (NOT EXISTS (SELECT 1 FROM channel_location WHERE channel_location.channel_id = channel.id)
    OR EXISTS (SELECT 1 FROM channel_location
      WHERE channel_location.channel_id = channel.id AND channel_location.location_id = location.id))"""
_LEFT = "on_hand - allocated - reserved - damaged - quarantined - safety_stock - backordered"


def _parts(variant: str) -> str:
    """Units of what lies on shelves in one unit of a variant; a bundle's component may be a bundle."""
    return f"""
      SELECT part, SUM(units) AS units FROM (
        SELECT id AS part, 1 AS units FROM variant WHERE id = {variant} AND NOT is_bundle
        UNION ALL
        SELECT outside.component_id, outside.quantity FROM bundle_component AS outside
          JOIN variant ON variant.id = outside.component_id AND NOT variant.is_bundle WHERE outside.bundle_id = {variant}
        UNION ALL
        SELECT inside.component_id, outside.quantity * inside.quantity FROM bundle_component AS outside
          JOIN bundle_component AS inside ON inside.bundle_id = outside.component_id WHERE outside.bundle_id = {variant}
      ) AS every GROUP BY part"""


def _units(variant: str) -> str:
    """Units that can be promised to `channel` of a variant: of a bundle, what the scarcest of its parts makes."""
    on_shelves = f"""COALESCE((
      SELECT SUM(CASE WHEN {_LEFT} > 0 THEN {_LEFT} ELSE 0 END) FROM stock_level
      JOIN location ON location.id = stock_level.location_id
      WHERE stock_level.variant_id = needed.part AND {_SERVED}), 0)"""
    return f"""COALESCE((
      SELECT MIN(CAST({on_shelves} AS INTEGER) / CAST(needed.units AS INTEGER))
      FROM ({_parts(variant)}) AS needed), 0)"""


def _kept_back(units: str, buffer: str) -> str:
    return f"CASE WHEN {units} > {buffer} THEN {units} - {buffer} ELSE 0 END"


async def _count_again(uow: UnitOfWork, row: Found, reason: str) -> None:  # noqa: ARG001  (nothing of it is kept)
    await hold_counting(uow, wait=True)
    await count_stock(uow, [read_id(row["variant_id"])], read_id(row["channel_id"]))


INVARIANTS = (
    Invariant(
        name="a channel may sell what can be promised to it less its buffer",
        table="channel_stock",
        broken=f"""SELECT * FROM (
          SELECT counted.*, {_kept_back("units", "buffer")} AS correct FROM (
            SELECT channel_stock.id, channel_stock.channel_id, channel_stock.variant_id,
              channel_stock.available AS stored, channel.buffer, {_units("channel_stock.variant_id")} AS units
            FROM channel_stock JOIN channel ON channel.id = channel_stock.channel_id
            WHERE {{batch}} AND {_SETTLED}) AS counted) AS number WHERE stored <> correct ORDER BY id""",
        message="its number is {stored}, stock and buffer come to {correct}",
        proposal="count it again",
        ids=("channel_id", "variant_id"),
        repair=_count_again,
        locks=None,
    ),
    Invariant(
        name="a listing may show what can be promised to its channel less its buffer",
        table="listing_stock",
        broken=f"""SELECT * FROM (
          SELECT counted.*, {_kept_back("units", "buffer")} AS correct FROM (
            SELECT listing_stock.id, listing_stock.channel_id, listing.variant_id, listing_stock.listing_id,
              listing_stock.quantity AS stored, COALESCE(listing.buffer, channel.buffer) AS buffer,
              {_units("listing.variant_id")} AS units
            FROM listing_stock JOIN listing ON listing.id = listing_stock.listing_id
            JOIN channel ON channel.id = listing.channel_id
            WHERE {{batch}} AND {_SETTLED}) AS counted) AS number WHERE stored <> correct ORDER BY id""",
        message="its number is {stored}, stock and buffer come to {correct}",
        proposal="count it again",
        ids=("channel_id", "variant_id", "listing_id"),
        repair=_count_again,
        locks=None,
    ),
)
