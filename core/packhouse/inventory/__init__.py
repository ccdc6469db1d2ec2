"""Owns the stock: locations, bins, stock levels and their ledger, reservations and allocations."""
