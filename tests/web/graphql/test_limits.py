import time

import pytest
from graphql import build_schema, get_introspection_query, parse, validate

from packhouse.settings import GraphQLSettings
from packhouse.web.graphql.limits import check_limits

LIMITS = GraphQLSettings()
SCHEMA = build_schema("type Query { a(x: Int): Int b: Query c: [Query] }")


def refusals(document: str) -> list[str]:
    return [error.message.split(",")[0] for error in check_limits(parse(document), LIMITS)]


def nested(levels: int) -> str:
    return "{ b " * (levels - 1) + "{ a }" + "}" * (levels - 1)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (nested(12), []),
        (nested(13), ["This document has 13 levels of nesting"]),
        ("{" + " ".join(f"x{n}: a" for n in range(30)) + "}", []),
        ("{" + " ".join(f"x{n}: a" for n in range(31)) + "}", ["This document has 31 aliases"]),
        ("{ a " + "@skip(if: false) " * 51 + "}", ["This document has 51 directives"]),
        ("query " + "@x " * 30 + "{ a " + "@y " * 21 + "}", ["This document has 51 directives"]),
        ("{ ... on Query { ... { " + nested(12)[1:-1] + "} } }", []),
        ("{ b { ...F } } fragment F on Query " + nested(12), ["This document has 13 levels of nesting"]),
        # nothing spreads it: validation refuses it, at no cost
        ("{ a } fragment F on Query " + nested(13), []),
        ("{ a } fragment F on Query {" + "a " * 52 + "}", ["This document has 51 fields named twice in one selection"]),
        ("{ ...F } fragment F on Query { ...F }", []),
        ("{ ...F } fragment F on Query { b { ...G } } fragment G on Query { b { ...F } }", []),
        ("{ ...Nowhere }", []),
        ("{" + "a " * 51 + "}", []),
        ("{" + "a " * 52 + "}", ["This document has 51 fields named twice in one selection"]),
        ("{" + "...F " * 101 + "} fragment F on Query { a }", ["This document has 101 fragment spreads"]),
        ("{" + "...F " * 8 + "} fragment F on Query { x: a y: a w: a z: a }", ["This document has 32 aliases"]),
    ],
)
def test_limits(document: str, expected: list[str]) -> None:
    assert refusals(document) == expected


def test_introspection_may_be_deeper_than_data() -> None:
    assert refusals(get_introspection_query(specified_by_url=True, input_value_deprecation=True)) == []


def test_introspection_that_multiplies_is_refused_by_validation() -> None:
    query = parse("{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }")
    assert [error.message for error in validate(SCHEMA, query)] == ["Maximum introspection depth exceeded"]


@pytest.mark.parametrize("levels", [40, 140])
def test_fragment_spreads_take_linear_time(levels: int) -> None:
    half = levels // 2
    fragments = " ".join(f"fragment F{n} on Query {{ b {{ ...F{n + 1} }} c {{ ...F{n + 1} }} }}" for n in range(half))
    document = parse("{ ...F0 } " + fragments + f" fragment F{half} on Query {{ a }}")
    started = time.process_time()
    assert check_limits(document, LIMITS)
    assert time.process_time() - started < 0.2


@pytest.mark.parametrize(
    "document",
    [
        "{" + "a " * 4990 + "}",
        "{" + "b{a} " * 1200 + "}",
        "{" + " ".join(f"x{n}: a" for n in range(1600)) + "}",
        "{" + "...F " * 1000 + "} fragment F on Query {" + "a " * 2000 + "}",
        "{"
        + " ".join(f"...F{n}" for n in range(250))
        + "}"
        + " ".join(f"fragment F{n} on Query {{ a b {{ a }} }}" for n in range(250)),
        "{"
        + " ".join(f"...F{n}" for n in range(100))
        + "}"
        + " ".join(f"fragment F{n} on Query {{ a b {{ a b {{ a }} }} }}" for n in range(100)),
        "{" + "b { a c { a b { a } } } " * 50 + "}",
    ],
)
def test_the_costliest_documents_are_refused_or_cheap_to_validate(document: str) -> None:
    parsed = parse(document, max_tokens=LIMITS.max_tokens)
    started = time.process_time()
    if not check_limits(parsed, LIMITS):
        validate(SCHEMA, parsed)
    assert time.process_time() - started < 1.0
