"""Owns what customers say: review requests, reviews of product and delivery, and their roll-ups."""
