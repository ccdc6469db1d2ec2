"""Owns the work in the warehouse: fulfillment orders, pick lists, picks and parcels."""
