import pytest
from strawberry.types.graphql import OperationType
from tests.web.conftest import tiny_parts

from packhouse.events.event_log import EVENTS
from packhouse.settings import GraphQLSettings
from packhouse.web.graphql.requests import GraphQLRequest
from packhouse.web.graphql.streams.operation import Follows, Operation, read_operation

SCHEMA = tiny_parts().schema
LIMITS = GraphQLSettings()
FACTS = "subscription F($after: String) { facts(after: $after) }"


def read(query: str, name: str | None = None, **variables: object) -> Operation | None:
    return read_operation(SCHEMA, GraphQLRequest(query, variables, name), LIMITS)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("{ hello }", OperationType.QUERY),
        ("query { nothing }", OperationType.QUERY),
        ('mutation { name(input: {name: "x"}) { name } }', OperationType.MUTATION),
        ("subscription { count }", OperationType.SUBSCRIPTION),
        ("subscription { facts count }", OperationType.SUBSCRIPTION),
        ("subscription { nothing }", OperationType.SUBSCRIPTION),
        ("subscription { ...F } fragment F on Subscription { facts }", OperationType.SUBSCRIPTION),
    ],
)
def test_what_follows_no_log_is_not_shared(query: str, kind: OperationType) -> None:
    assert read(query) == Operation(kind)


@pytest.mark.parametrize(
    "query", ["", "{", "{ a } { b }", "query A { a } query B { b }", "fragment F on Query { hello }", "{ a" * 20_000]
)
def test_what_cannot_be_told(query: str) -> None:
    assert read(query) is None


def test_an_operation_is_found_by_its_name() -> None:
    query = "query A { hello } subscription B { facts }"
    assert read(query) is None
    assert read(query, "C") is None
    found = read(query, "B")
    assert found is not None
    assert (found.kind, found.follows) == (OperationType.SUBSCRIPTION, Follows(EVENTS))


def test_some_begin_with_a_state() -> None:
    found = read("subscription { factCount }")
    assert found is not None
    assert found.follows == Follows(EVENTS, begins_with_state=True)


@pytest.mark.parametrize(
    ("query", "variables", "cursor"),
    [
        ("subscription { facts }", {}, None),
        ("subscription { facts(after: null) }", {}, None),
        ('subscription { facts(after: "c") }', {}, "c"),
        ('subscription { renamed: facts(size: 1, after: "c") }', {}, "c"),
        (FACTS, {"after": "c"}, "c"),
        (FACTS, {"after": None}, None),
        (FACTS, {}, None),
        ('subscription ($a: String = "d") { facts(after: $a) }', {}, "d"),
        ('subscription ($a: String = "d") { facts(after: $a) }', {"a": "c"}, "c"),
    ],
)
def test_where_it_begins(query: str, variables: dict[str, object], cursor: str | None) -> None:
    found = read(query, None, **variables)
    assert found is not None
    assert (found.cursor, found.follows) == (cursor, Follows(EVENTS))


@pytest.mark.parametrize("after", [5, ["c"], {}])
def test_a_cursor_that_is_no_text_is_refused_by_executing_it(after: object) -> None:
    assert read(FACTS, after=after) == Operation(OperationType.SUBSCRIPTION)


def key(query: str, name: str | None = None, **variables: object) -> object:
    found = read(query, name, **variables)
    assert found is not None
    assert found.key is not None
    return found.key


def test_identical_ones_have_one_key_wherever_they_begin() -> None:
    sized = "subscription S($after: String, $size: Int) { facts(after: $after, size: $size) }"
    assert key(sized, after="c", size=1) == key(sized, size=1, after="d") == key(sized, size=1)
    different = [key(sized, size=1), key(sized, size=2), key(sized, "S", size=1), key(f"{sized} ", size=1), key(FACTS)]
    assert len(set(different)) == len(different)


def test_a_cursor_that_is_used_elsewhere_too_is_not_shared() -> None:
    query = "subscription ($after: String) { facts(after: $after) @include(if: $after) }"
    assert read(query, after="c") == Operation(OperationType.SUBSCRIPTION)
