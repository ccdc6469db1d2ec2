"""Reads of locations and stock."""

from packhouse.inventory.models import Location, Reservation, ReservationLine, StockLevel, StockMovement
from packhouse.storage.batches import by_id, children

locations_by_id = by_id(Location)
stock_levels_by_id = by_id(StockLevel)
stock_movements_by_id = by_id(StockMovement)
reservations_by_id = by_id(Reservation)
stock_of_variants = children(StockLevel, "variant_id", "location_id")
lines_of_reservations = children(ReservationLine, "reservation_id", "variant_id", "location_id")
