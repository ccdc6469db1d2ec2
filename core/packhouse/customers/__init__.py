"""Buyers, their consents and their personal data."""
