"""Reads of what orders wait for."""

from packhouse.inventory.models import Backorder, BackorderSupply
from packhouse.storage.batches import children

backorders_of_orders = children(Backorder, "order_id", "created_at", "id")
supplies_of_backorders = children(BackorderSupply, "backorder_id", "given_at", "id")
