"""Which permissions a document needs: read off the document before it is executed, once for everybody who sends it.

What is written counts, whether or not a variable leaves it out with `@skip` or `@include`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
)

from packhouse.web.graphql.errors import ErrorCode
from packhouse.web.permissions import Permissions


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """What a field needs, its answer's type included, and the name of that type."""

    needs: frozenset[str]
    answers: str


@dataclass(frozen=True, slots=True)
class Access:
    """What the fields and the types of a schema need, all of them; `roots` are the types that operations begin with."""

    roots: Mapping[OperationType, str]
    types: Mapping[str, frozenset[str]]
    fields: Mapping[str, Mapping[str, FieldAccess]]

    def opens(self, type_name: str, permissions: Permissions) -> bool:
        """Whether objects of a type may be seen at all."""
        return permissions.is_all or self.types[type_name] <= permissions.granted


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document first needs something: the names of the answer's fields, and what is written there."""

    path: tuple[str, ...]
    node: Node


Needs = Mapping[str, Place]
"""The permissions that an operation needs, each with the first place that needs it."""


def needs_of(access: Access, document: DocumentNode, operation_name: str | None) -> Needs:
    """What a valid document's operation needs. Each fragment is looked at once, however often it is spread."""
    operation = next(
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
        and (operation_name is None or (each.name is not None and each.name.value == operation_name))
    )
    reading = _Reading(access, document)
    return reading.selections(operation.selection_set, access.roots[operation.operation])


def forbidden(needs: Needs, permissions: Permissions) -> list[GraphQLError]:
    """An error for each permission that is missing, with the place that needs it; empty when it may be executed."""
    return [
        GraphQLError(
            f"This access token does not allow it: {'.'.join(place.path) or 'the operation'} needs {missing}",
            nodes=place.node,
            path=list(place.path),
            extensions={"code": ErrorCode.FORBIDDEN.value, "permission": missing},
        )
        for missing in permissions.missing(needs)
        for place in (needs[missing],)
    ]


class _Reading:
    def __init__(self, access: Access, document: DocumentNode) -> None:
        self._access = access
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._read: dict[str, Needs] = {}

    def selections(self, selection_set: SelectionSetNode, of: str) -> Needs:
        needs: dict[str, Place] = {}
        for node in selection_set.selections:
            for permission, place in self._selection(node, of):
                needs.setdefault(permission, place)
        return needs

    def _selection(self, node: SelectionNode, of: str) -> Iterable[tuple[str, Place]]:
        if isinstance(node, FieldNode):
            return self._field(node, of)
        if isinstance(node, InlineFragmentNode):
            return self._inline(node, of)
        return self._fragment(cast("FragmentSpreadNode", node).name.value).items()

    def _field(self, node: FieldNode, of: str) -> Iterator[tuple[str, Place]]:
        name, key = node.name.value, (node.alias or node.name).value
        # what the schema looks like is no secret
        if name.startswith("__"):
            return
        field = self._access.fields[of][name]
        for permission in sorted(field.needs):
            yield permission, Place((key,), node)
        if node.selection_set is not None:
            for permission, place in self.selections(node.selection_set, field.answers).items():
                yield permission, Place((key, *place.path), place.node)

    def _inline(self, node: InlineFragmentNode, of: str) -> Iterator[tuple[str, Place]]:
        of = of if node.type_condition is None else node.type_condition.name.value
        for permission in sorted(self._access.types[of]):
            yield permission, Place((), node)
        yield from self.selections(node.selection_set, of).items()

    def _fragment(self, name: str) -> Needs:
        known = self._read.get(name)
        if known is None:
            fragment = self._fragments[name]
            of = fragment.type_condition.name.value
            needs: dict[str, Place] = {each: Place((), fragment) for each in sorted(self._access.types[of])}
            for permission, place in self.selections(fragment.selection_set, of).items():
                needs.setdefault(permission, place)
            known = self._read[name] = needs
        return known
