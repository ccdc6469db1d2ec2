"""Builds input objects from what is known of their fields, looked up once.

Strawberry resolves every field's annotation again for each request; for an order with its lines and address that costs more
than placing it asks of the database's driver. `from_input` is its hook for types that build their own value.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import InputContext
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    StrawberryType,
    get_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

_PLAIN = (str, int, float, bool)

Convert = Callable[[Any, InputContext], Any]


class InputBuilder:
    """What `from_input` of one input type does: plain values are taken as they are, others converted as Strawberry does."""

    def __init__(self, definition: StrawberryObjectDefinition, config: StrawberryConfig) -> None:
        self._defaults = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        self._fields = [_field(definition, field, config) for field in definition.fields]

    def __call__(self, type_: type, value: Mapping[str, Any], context: InputContext) -> Any:  # noqa: ANN401
        """The input object of a coerced value."""
        given = {
            python_name: value[name] if convert is None else convert(value[name], context)
            for name, python_name, convert in self._fields
            if name in value
        }
        return type_(**{**self._defaults, **given})


def _field(
    definition: StrawberryObjectDefinition, field: StrawberryField, config: StrawberryConfig
) -> tuple[str, str, Convert | None]:
    kind = field.resolve_type(type_definition=definition)
    return config.name_converter.from_field(field), field.python_name, _converter(kind)


def _converter(kind: StrawberryType | type) -> Convert | None:
    """What makes a field's value of the coerced one; None where it is taken as it is."""
    if isinstance(kind, StrawberryMaybe):  # null is a value of its own there
        return lambda value, context: context.convert(value, kind)
    if isinstance(kind, StrawberryOptional):
        return _converter(kind.of_type)
    if kind in _PLAIN or isinstance(kind, StrawberryEnumDefinition):
        return None
    if isinstance(kind, StrawberryList):
        return _list_converter(_converter(kind.of_type))
    definition = get_object_definition(kind)
    if definition is not None and definition.is_input:
        return _input_converter(definition)
    return lambda value, context: context.convert(value, kind)


def _list_converter(convert: Convert | None) -> Convert:
    if convert is None:
        # a copy: a default is the same list for all requests
        return lambda value, _: None if value is None else list(value)
    return lambda value, context: None if value is None else [convert(each, context) for each in value]


def _input_converter(definition: StrawberryObjectDefinition) -> Convert:
    def convert(value: Any, context: InputContext) -> Any:  # noqa: ANN401  (the input's own type)
        if value is None:
            return None
        if definition.from_input is None:
            return context.convert(value, definition.origin)
        return definition.from_input(definition.origin, value, context)

    return convert
