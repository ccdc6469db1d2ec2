"""The rooms' enums as GraphQL enums, with their docstrings as descriptions."""

import inspect
from enum import Enum

import strawberry


def expose(*enums: type[Enum]) -> None:
    """Make enums known to Strawberry under their own names."""
    for enum in enums:
        strawberry.enum(enum, description=inspect.getdoc(enum))
