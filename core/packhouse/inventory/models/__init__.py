"""Where stock lies, how much of it, and every movement that made it so."""

from packhouse.inventory.models.counts import StockCount, StockCountLine
from packhouse.inventory.models.holdings import Bin, HoldingClaim, HoldingEntry, Lot, LotTracking, StockHolding
from packhouse.inventory.models.inbound import InboundLine, InboundShipment
from packhouse.inventory.models.levels import Allocation, Location, StockLevel, StockMovement
from packhouse.inventory.models.reservations import Reservation, ReservationLine
from packhouse.inventory.models.waiting import Backorder, BackorderSupply

__all__ = [
    "Allocation",
    "Backorder",
    "BackorderSupply",
    "Bin",
    "HoldingClaim",
    "HoldingEntry",
    "InboundLine",
    "InboundShipment",
    "Location",
    "Lot",
    "LotTracking",
    "Reservation",
    "ReservationLine",
    "StockCount",
    "StockCountLine",
    "StockHolding",
    "StockLevel",
    "StockMovement",
]
