"""Ordering in GraphQL."""
