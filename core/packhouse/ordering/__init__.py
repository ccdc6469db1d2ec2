"""Owns the use cases that cross rooms: place, confirm, hold, release, change and cancel an order."""
