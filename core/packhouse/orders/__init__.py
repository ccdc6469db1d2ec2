"""Owns the record: orders, their lines with counters, holds and the timeline."""
