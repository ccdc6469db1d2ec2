"""Documents and variables made of the schema: any field of any operation, with any of its arguments."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from tests.faults.hostile.words import Words

_DEEPEST_ANSWER = 4
_DEEPEST_INPUT = 6
_MOST_FIELDS = 30
# how often a value is one that nobody means
TEMPERS = (0.0, 0.0, 0.03, 0.1, 0.5)


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation to be sent."""

    name: str
    query: str
    variables: dict[str, Any]


@dataclass
class _Draft:
    """A document while it is written."""

    name: str
    temper: float
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fields: int = 0


class Documents:
    """Writes them."""

    def __init__(self, schema: GraphQLSchema, words: Words, chance: Random) -> None:
        self._schema = schema
        self._words = words
        self._chance = chance

    @property
    def mutations(self) -> GraphQLObjectType:
        """What can be changed."""
        return self._root("mutation")

    def fields(self, kind: str) -> list[str]:
        """The root fields of "query", "mutation" or "subscription"."""
        return sorted(self._root(kind).fields)

    def write(self, kind: str, name: str, temper: float | None = None) -> Asked:
        """An operation of one root field, in some mood."""
        draft = _Draft(name, self._chance.choice(TEMPERS) if temper is None else temper)
        body = self._field(draft, name, self._root(kind).fields[name], 0)
        declared = f"({', '.join(draft.declared)})" if draft.declared else ""
        return Asked(name, f"{kind} {declared} {{ {body} }}", draft.variables)

    def _root(self, kind: str) -> GraphQLObjectType:
        return {
            "query": self._schema.query_type,
            "mutation": self._schema.mutation_type,
            "subscription": self._schema.subscription_type,
        }[kind]  # type: ignore[return-value]

    def _field(self, draft: _Draft, name: str, what: GraphQLField, depth: int) -> str:
        draft.fields += 1
        given = []
        for argument, declared in what.args.items():
            if _is_needed(declared) or self._chance.random() < 0.4:
                variable = f"v{len(draft.declared)}"
                draft.declared.append(f"${variable}: {declared.type}")
                draft.variables[variable] = self._value(draft, declared.type, argument, f"{draft.name}.{argument}", 0)
                given.append(f"{argument}: ${variable}")
        arguments = f"({', '.join(given)})" if given else ""
        return f"{name}{arguments}{self._selection(draft, what, depth)}"

    def _selection(self, draft: _Draft, what: GraphQLField, depth: int) -> str:
        named = get_named_type(what.type)
        if is_leaf_type(named):
            return ""
        if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
            chosen = self._chance.choice(self._schema.get_possible_types(named))
            return f" {{ __typename ... on {chosen.name} {{ {self._fields(draft, chosen, depth)} }} }}"
        assert isinstance(named, GraphQLObjectType)
        return f" {{ __typename {self._fields(draft, named, depth)} }}"

    def _fields(self, draft: _Draft, what: GraphQLObjectType, depth: int) -> str:
        wanted = []
        for name, each in what.fields.items():
            needed = name in ("id", "userErrors", "edges", "node", "pageInfo", "code", "message", "field")
            deep = not is_leaf_type(get_named_type(each.type))
            if deep and depth >= _DEEPEST_ANSWER + 2 * needed:
                continue
            if needed or (draft.fields < _MOST_FIELDS and self._chance.random() < (0.3 if deep else 0.5)):
                wanted.append(self._field(draft, name, each, depth + 1))
        return " ".join(wanted)

    def _value(self, draft: _Draft, wanted: Any, name: str, place: str, depth: int) -> Any:
        is_strange = self._chance.random() < draft.temper
        if isinstance(wanted, GraphQLNonNull):
            return (
                None
                if is_strange and self._chance.random() < 0.1
                else self._value(draft, wanted.of_type, name, place, depth)
            )
        if isinstance(wanted, GraphQLList):
            size = self._chance.choice((0, 2, 2, 60, 300)) if is_strange else self._chance.choice((1, 1, 1, 2))
            return [self._value(draft, wanted.of_type, name, place, depth + 1) for _ in range(size)]
        if isinstance(wanted, GraphQLInputObjectType):
            return {
                each: self._value(draft, known.type, each, f"{draft.name}.{each}", depth + 1)
                for each, known in wanted.fields.items()
                if _is_needed(known) or (depth < _DEEPEST_INPUT and self._chance.random() < 0.4)
            }
        if isinstance(wanted, GraphQLEnumType):
            return (
                "NO_SUCH_VALUE"
                if is_strange and self._chance.random() < 0.1
                else self._chance.choice(sorted(wanted.values))
            )
        assert isinstance(wanted, GraphQLScalarType)
        return self._words.strange(wanted.name, name) if is_strange else self._words.plain(wanted.name, name, place)


def _is_needed(each: GraphQLArgument | GraphQLInputField) -> bool:
    return is_required_argument(each) if isinstance(each, GraphQLArgument) else is_required_input_field(each)
