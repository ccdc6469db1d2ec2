"""The rooms' enums as GraphQL enums, with their docstrings as descriptions."""

import inspect
from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def expose(*enums: type[Enum]) -> None:
    """Make enums known to Strawberry under their own names; one that an annotation made known gets its description."""
    for enum in enums:
        known = vars(enum).get("__strawberry_definition__")
        if isinstance(known, StrawberryEnumDefinition):
            known.description = inspect.getdoc(enum)
        else:
            strawberry.enum(enum, description=inspect.getdoc(enum))
