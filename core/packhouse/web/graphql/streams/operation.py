"""What a request is to execute, read before it is executed: whether it follows a log, and from where."""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    NullValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    parse,
)
from strawberry.types import get_object_definition
from strawberry.types.graphql import OperationType

from packhouse.settings import GraphQLSettings
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.requests import GraphQLRequest

_FOLLOWS = "packhouse.follows"
_AFTER = "after"


@dataclass(frozen=True, slots=True)
class Follows:
    """The log that a subscription follows by its argument `after`; some begin with the state as it is."""

    log: str
    begins_with_state: bool = False


def follows(log: str, *, begins_with_state: bool = False) -> Mapping[str, Follows]:
    """The metadata of a subscription's field that follows a log: its subscribers are resumed, and identical ones share."""
    return {_FOLLOWS: Follows(log, begins_with_state)}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation. `follows` None: it is no subscription to a log, or one that cannot be shared.

    `cursor` is where a subscription begins; `key` is the same for those that differ in nothing else.
    """

    kind: OperationType
    follows: Follows | None = None
    cursor: str | None = None
    key: Hashable = None

    @property
    def is_subscription(self) -> bool:
        """Whether it goes on until somebody ends it."""
        return self.kind is OperationType.SUBSCRIPTION


def read_operation(schema: GuardedSchema, asked: GraphQLRequest, limits: GraphQLSettings) -> Operation | None:
    """The operation of a request; None where there is none to be found: executing it says what is wrong."""
    document = _document(schema, asked.query, limits)
    found = None if document is None else _definition(document, asked.operation_name)
    if found is None:
        return None
    kind = OperationType(found.operation.value)
    field = _only_field(found)
    followed = None if field is None else _follows(schema, kind, field)
    if field is None or followed is None:
        return Operation(kind)
    value = next((argument.value for argument in field.arguments or () if argument.name.value == _AFTER), None)
    variables = dict(asked.variables or {})
    if isinstance(value, VariableNode):
        name = value.name.value
        # once where it is declared, once here: used elsewhere, it would make a difference
        if len(re.findall(rf"\${name}\b", asked.query)) > 2:  # noqa: PLR2004
            return Operation(kind)
        cursor = variables.pop(name, _default(found, name))
    else:
        cursor = _literal(value)
    if not isinstance(cursor, str | None):
        return Operation(kind)
    # as text: the bytes keep the whole buffer that they were written into
    key = (asked.query, asked.operation_name, orjson.dumps(variables, option=orjson.OPT_SORT_KEYS).decode())
    return Operation(kind, followed, cursor, key)


def _document(schema: GuardedSchema, text: str, limits: GraphQLSettings) -> DocumentNode | None:
    try:
        known = schema.documents.find(text, limits)
        return parse(text, max_tokens=limits.max_tokens) if known is None else known.document
    except (GraphQLError, RecursionError):
        return None


def _definition(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if name is None:
        return operations[0] if len(operations) == 1 else None
    return next((each for each in operations if each.name is not None and each.name.value == name), None)


def _only_field(operation: OperationDefinitionNode) -> FieldNode | None:
    selections = operation.selection_set.selections
    return selections[0] if len(selections) == 1 and isinstance(selections[0], FieldNode) else None


def _follows(schema: GuardedSchema, kind: OperationType, field: FieldNode) -> Follows | None:
    if kind is not OperationType.SUBSCRIPTION or schema.subscription is None:
        return None
    definition = get_object_definition(schema.subscription, strict=True)
    for each in definition.fields:
        if schema.config.name_converter.get_graphql_name(each) == field.name.value:
            metadata: Mapping[Any, Any] = each.metadata or {}
            found = metadata.get(_FOLLOWS)
            return found if isinstance(found, Follows) else None
    return None


def _default(operation: OperationDefinitionNode, name: str) -> Any:  # noqa: ANN401  (JSON is any value)
    for each in operation.variable_definitions or ():
        if each.variable.name.value == name:
            return _literal(each.default_value)
    return None


def _literal(value: ValueNode | None) -> Any:  # noqa: ANN401
    if value is None or isinstance(value, NullValueNode):
        return None
    return value.value if isinstance(value, StringValueNode) else value
