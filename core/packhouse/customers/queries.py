"""Reads of buyers."""

from packhouse.customers.models import Customer
from packhouse.storage.batches import by_id

customers_by_id = by_id(Customer)
