"""Scheduled work that is done once, however many processes there are."""
