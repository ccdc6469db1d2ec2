import time

import pytest
from graphql import build_schema, parse, validate

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
        ("{ a } fragment F on Query " + nested(13), ["This document has 13 levels of nesting"]),
        ("{ ...F } fragment F on Query { ...F }", []),
        ("{ ...F } fragment F on Query { b { ...G } } fragment G on Query { b { ...F } }", []),
        ("{ ...Nowhere }", []),
        ("{" + "a " * 51 + "}", []),
        ("{" + "a " * 52 + "}", ["This document has 51 fields named twice in one selection"]),
        ("{" + "...F " * 151 + "} fragment F on Query { a }", ["This document has 151 fragment spreads"]),
        ("{" + "...F " * 8 + "} fragment F on Query { x: a y: a w: a z: a }", ["This document has 32 aliases"]),
    ],
)
def test_limits(document: str, expected: list[str]) -> None:
    assert refusals(document) == expected


def test_introspection_may_be_deeper_than_data() -> None:
    of_type = "{ name ofType " * 9 + "{ name }" + "}" * 9
    assert refusals("{ __schema { types { fields { type " + of_type + "} } } }") == []


@pytest.mark.parametrize("levels", [40, 140])
def test_fragment_spreads_take_linear_time(levels: int) -> None:
    half = levels // 2
    fragments = " ".join(f"fragment F{n} on Query {{ b {{ ...F{n + 1} }} c {{ ...F{n + 1} }} }}" for n in range(half))
    document = parse("{ ...F0 } " + fragments + f" fragment F{half} on Query {{ a }}")
    started = time.perf_counter()
    assert check_limits(document, LIMITS)
    assert time.perf_counter() - started < 0.2


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
        + " ".join(f"...F{n}" for n in range(150))
        + "}"
        + " ".join(f"fragment F{n} on Query {{ a b {{ a b {{ a }} }} }}" for n in range(150)),
        "{" + "b { a c { a b { a } } } " * 50 + "}",
    ],
)
def test_the_costliest_documents_are_refused_or_cheap_to_validate(document: str) -> None:
    parsed = parse(document, max_tokens=LIMITS.max_tokens)
    started = time.perf_counter()
    if not check_limits(parsed, LIMITS):
        validate(SCHEMA, parsed)
    assert time.perf_counter() - started < 1.0
