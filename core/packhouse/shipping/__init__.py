"""Owns the way to the door: shipments, labels, tracking events and every delivery promise ever made."""
