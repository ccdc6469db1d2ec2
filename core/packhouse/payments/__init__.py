"""Owns the money: the append-only payment events of an order, and its refunds."""
