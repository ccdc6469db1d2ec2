"""Builds input objects from what is known of their fields, looked up once.

Strawberry resolves every field's annotation again for each request; for an order with its lines and address that costs more
than placing it asks of the database's driver. `from_input` is its hook for types that build their own value.
"""

from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryObjectDefinition, StrawberryOptional, StrawberryType
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

_PLAIN = (str, int, float, bool)


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
            python_name: value[name] if is_plain or value[name] is None else context.convert(value[name], kind, name)
            for name, python_name, kind, is_plain in self._fields
            if name in value
        }
        return type_(**{**self._defaults, **given})


def _field(
    definition: StrawberryObjectDefinition, field: StrawberryField, config: StrawberryConfig
) -> tuple[str, str, StrawberryType | type, bool]:
    kind = field.resolve_type(type_definition=definition)
    inner = kind.of_type if isinstance(kind, StrawberryOptional) else kind
    is_plain = inner in _PLAIN or isinstance(inner, StrawberryEnumDefinition)
    return config.name_converter.from_field(field), field.python_name, kind, is_plain
