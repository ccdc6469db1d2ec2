"""Requests that are right but for one thing."""

from copy import deepcopy
from random import Random
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
)
from tests.faults.hostile.words import Words


class Spoiler:
    """Changes one value of a mutation's arguments, wherever it stands."""

    def __init__(self, mutations: GraphQLObjectType, words: Words, chance: Random) -> None:
        self._mutations = mutations
        self._words = words
        self._chance = chance

    def spoil(self, mutation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with one thing wrong, or at least different."""
        spoilt = deepcopy(arguments)
        kinds = {name: each.type for name, each in self._mutations.fields[mutation].args.items()}
        holder, key, kind = self._chance.choice(list(_places(spoilt, kinds)))
        name = key if isinstance(key, str) else ""
        match self._chance.randrange(8):
            case 0:
                holder[key] = None
            case 1 if isinstance(holder, dict) and key in holder:
                del holder[key]
            case 2 if isinstance(holder, list):
                holder.append(deepcopy(holder[key]))
            case 3:
                holder[key] = self._plain(kind, name, mutation)
            case _:
                holder[key] = self._strange(kind, name, mutation)
        return spoilt

    def _plain(self, kind: Any, name: str, mutation: str) -> Any:
        kind = _bare(kind)
        if isinstance(kind, GraphQLList):
            return []
        if isinstance(kind, GraphQLInputObjectType):
            return {each: self._plain(known.type, each, mutation) for each, known in kind.fields.items()}
        if isinstance(kind, GraphQLScalarType):
            return self._words.plain(kind.name, name, f"{mutation}.{name}")
        return self._chance.choice(sorted(kind.values))

    def _strange(self, kind: Any, name: str, mutation: str) -> Any:
        kind = _bare(kind)
        if isinstance(kind, GraphQLList):
            return self._chance.choice(
                ([], [self._plain(kind.of_type, name, mutation)] * 300, self._plain(kind.of_type, name, mutation))
            )
        if isinstance(kind, GraphQLScalarType):
            return self._words.strange(kind.name, name)
        return self._plain(kind, name, mutation)


def _bare(kind: GraphQLInputType) -> GraphQLInputType:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _places(holder: dict[str, Any], kinds: dict[str, Any]) -> list[tuple[Any, Any, Any]]:
    """Everything that can be another: where it is kept, under which key, and of which type; also what is left out."""
    found: list[tuple[Any, Any, Any]] = []
    for name, kind in kinds.items():
        found.append((holder, name, kind))
        found += _inside(holder.get(name), kind)
    return found


def _inside(value: Any, kind: Any) -> list[tuple[Any, Any, Any]]:
    kind = _bare(kind)
    if isinstance(value, dict) and isinstance(kind, GraphQLInputObjectType):
        return _places(value, {name: each.type for name, each in kind.fields.items()})
    if isinstance(value, list) and isinstance(kind, GraphQLList):
        found: list[tuple[Any, Any, Any]] = []
        for index, each in enumerate(value):
            found.append((value, index, kind.of_type))
            found += _inside(each, kind.of_type)
        return found
    return []
