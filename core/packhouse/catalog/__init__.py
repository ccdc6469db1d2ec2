"""Variants and their prices."""
