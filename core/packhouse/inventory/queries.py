"""Reads of locations and stock."""

from packhouse.inventory.models import Location, StockLevel, StockMovement
from packhouse.storage.batches import by_id, children

locations_by_id = by_id(Location)
stock_levels_by_id = by_id(StockLevel)
stock_movements_by_id = by_id(StockMovement)
stock_of_variants = children(StockLevel, "variant_id", "location_id")
