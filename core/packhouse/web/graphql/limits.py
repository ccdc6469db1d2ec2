"""What one document may ask for, checked in linear time before it is validated: validating a hostile one is the attack.

Depth, aliases and directives are counted as they are executed, with every fragment spread put in its place, each fragment
being looked at once. Repeated fields and spreads are counted as written: the validation that compares fields for conflicts
takes the square of their number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from packhouse.settings import GraphQLSettings
from packhouse.web.graphql.errors import ErrorCode

MOST_REPEATED_FIELDS = 50
MOST_SPREADS = 100
_INTROSPECTION = ("__schema", "__type")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Weight:
    """What a selection asks for: levels of nesting, aliases and directives, fragments included."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0


@dataclass(slots=True)
class _Written:
    """What stands in the document, each fragment once."""

    repeated: int = 0
    spreads: int = 0


class _Scale:
    """Weighs selections, each fragment once; a fragment inside itself weighs nothing (validation refuses it)."""

    def __init__(self, document: DocumentNode) -> None:
        self.written = _Written()
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._weights: dict[str, Weight] = {}

    def weigh(self, selection_set: SelectionSetNode | None) -> Weight:
        if selection_set is None:
            return Weight()
        self.written.repeated += _repeated(selection_set.selections)
        return _together([self._selection(each) for each in selection_set.selections])

    def definition(self, node: OperationDefinitionNode | FragmentDefinitionNode) -> Weight:
        inside = self.weigh(node.selection_set)
        return Weight(inside.depth, inside.aliases, inside.directives + _directives(node.directives))

    def look_at_all_fragments(self) -> None:
        """Count also what is written in those that no operation spreads: validation reads them all the same."""
        for name in self._fragments:
            self._fragment(name)

    def _selection(self, node: SelectionNode) -> Weight:
        own = _directives(node.directives)
        if isinstance(node, FragmentSpreadNode):
            self.written.spreads += 1
            inside = self._fragment(node.name.value)
            return Weight(inside.depth, inside.aliases, inside.directives + own)
        inside = self.weigh(getattr(node, "selection_set", None))
        if not isinstance(node, FieldNode):
            return Weight(inside.depth, inside.aliases, inside.directives + own)
        # introspection nests deeper than data, and graphql-core limits it by a rule of its own
        depth = 1 if node.name.value in _INTROSPECTION else inside.depth + 1
        return Weight(depth, inside.aliases + (node.alias is not None), inside.directives + own)

    def _fragment(self, name: str) -> Weight:
        known = self._weights.get(name)
        if known is None:
            self._weights[name] = Weight()
            fragment = self._fragments.get(name)
            known = self._weights[name] = self.definition(fragment) if fragment else Weight()
        return known


def check_limits(document: DocumentNode, limits: GraphQLSettings) -> list[GraphQLError]:
    """One error for each limit that the document goes over; empty when it may be validated.

    Raises:
        RecursionError: it is nested deeper than Python can follow.
    """
    scale = _Scale(document)
    weights = [scale.definition(each) for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    scale.look_at_all_fragments()
    found = (
        ("levels of nesting", _most(weights, lambda each: each.depth), limits.max_depth),
        ("aliases", _most(weights, lambda each: each.aliases), limits.max_aliases),
        ("directives", _most(weights, lambda each: each.directives), limits.max_directives),
        ("fields named twice in one selection", scale.written.repeated, MOST_REPEATED_FIELDS),
        ("fragment spreads", scale.written.spreads, MOST_SPREADS),
    )
    return [
        GraphQLError(
            f"This document has {_count(count)} {what}, at most {most} are allowed: ask for less, or in several requests",
            extensions={"code": ErrorCode.VALIDATION_FAILED.value},
        )
        for what, count, most in found
        if count > most
    ]


def _together(weights: list[Weight]) -> Weight:
    return Weight(
        max((each.depth for each in weights), default=0),
        sum(each.aliases for each in weights),
        sum(each.directives for each in weights),
    )


def _most(weights: list[Weight], measure: Callable[[Weight], int]) -> int:
    return max(map(measure, weights), default=0)


def _repeated(selections: Iterable[SelectionNode]) -> int:
    names = [(each.alias or each.name).value for each in selections if isinstance(each, FieldNode)]
    return len(names) - len(set(names))


def _directives(directives: tuple[DirectiveNode, ...] | None) -> int:
    return len(directives or ())


def _count(count: int) -> str:
    return str(count) if count < 1_000_000 else "millions of"  # noqa: PLR2004  (a number nobody wants to read in full)
