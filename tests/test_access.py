"""Every field and every type of the schema belongs to an area, and a document needs what it reads."""

from datetime import datetime

import pytest
import strawberry
from graphql import GraphQLObjectType, OperationType, parse
from strawberry.schema.config import StrawberryConfig

from packhouse import access as access_module
from packhouse.access import Unassigned, assign_areas
from packhouse.schema import Mutation, Query, Subscription, create_schema
from packhouse.web.graphql.access import Access, forbidden, needs_of
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.moments import DATE_TIME
from packhouse.web.permissions import ALL, NOTHING, WORDS, Permissions


@pytest.fixture(scope="module")
def schema() -> GuardedSchema:
    return create_schema()


@pytest.fixture(scope="module")
def access(schema: GuardedSchema) -> Access:
    assert schema.access is not None
    return schema.access


def needs(access: Access, document: str, name: str | None = None) -> dict[str, str]:
    return {permission: ".".join(place.path) for permission, place in needs_of(access, parse(document), name).items()}


def test_every_field_and_every_type_is_assigned(schema: GuardedSchema, access: Access) -> None:
    objects = {
        name: kind
        for name, kind in schema._schema.type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
    }
    assert set(access.types) == {*objects, "Node"}
    assert {name: set(access.fields[name]) for name in objects} == {
        name: set(kind.fields) for name, kind in objects.items()
    }
    named = {word for fields in access.fields.values() for field in fields.values() for word in field.needs}
    assert named <= WORDS


def test_what_may_be_asked_without_any_permission_is_known(access: Access) -> None:
    free = {
        f"{root}.{name}"
        for root in ("Query", "Mutation", "Subscription")
        for name, field in access.fields[root].items()
        if not field.needs
    }
    assert free == FREE
    assert {
        name for name, field in access.fields["Mutation"].items() if not any("write" in x for x in field.needs)
    } == set()
    reading = {**access.fields["Query"], **access.fields["Subscription"]}
    assert [name for name, field in reading.items() if any("write" in word for word in field.needs)] == []


FREE = {"Query.node", "Query.nodes", "Query.eventLog", "Query.viewer"}


def test_types_that_need_nothing_are_parts_of_what_is_asked_for(access: Access) -> None:
    roots = {"Query", "Mutation", "Subscription", "Node"}
    free = {name for name, needed in access.types.items() if not needed} - roots
    parts = {name for name in free if not name.endswith("Payload")}
    events = {"Event", "EventConnection", "EventEdge"}
    assert parts == {*events, "Address", "LogCursors", "Money", "PageInfo", "PreviewPart", "UserError", "Viewer"}
    for payload in free - parts:
        assert "userErrors" in access.fields[payload]


@strawberry.type(description="Of no room.")
class Stranger:
    name: str = strawberry.field(description="Its name.")


@strawberry.type(name="Query", description="With a field of no room.")
class WithField(Query):
    @strawberry.field(description="How strange.")
    def strangeness(self) -> int:
        return 1


@strawberry.type(name="Query", description="With a type of no room.")
class WithType(Query):
    @strawberry.field(description="A stranger.")
    def stranger(self) -> Stranger:
        return Stranger(name="x")


def build(query: type) -> Access | None:
    config = StrawberryConfig(scalar_map={datetime: DATE_TIME})
    return GuardedSchema(query, Mutation, Subscription, config=config, assign=assign_areas).access


def test_a_field_or_a_type_of_no_room_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unassigned, match=r"Query\.strangeness belongs to no area: name it, or its room"):
        build(WithField)
    monkeypatch.setitem(access_module._FIELDS, "Query.stranger", frozenset({"orders.read"}))  # type: ignore[call-overload]
    with pytest.raises(Unassigned, match="Stranger belongs to no area"):
        build(WithType)
    with pytest.raises(Unassigned, match=r"names what is not in the schema: Query\.stranger"):
        build(Query)
    monkeypatch.setattr(access_module, "_PARTS", access_module._PARTS | {"Stranger"})
    built = build(WithType)
    assert built is not None
    assert built.fields["Query"]["stranger"].needs == frozenset({"orders.read"})


@pytest.mark.parametrize(
    ("document", "needed"),
    [
        ("{ __schema { types { name } } __typename }", {}),
        ("{ eventLog { newest } }", {}),
        ("{ orders { totalCount } }", {"orders.read": "orders"}),
        (
            "{ first: orders { edges { node { buyer: customer { email } } } } }",
            {"orders.read": "first", "customers.read": "first.edges.node.buyer"},
        ),
        (
            "{ orders { edges { node { paymentStatus payments { id } } } } }",
            {"orders.read": "orders", "payments.read": "orders.edges.node.payments"},
        ),
        (
            '{ variant(sku: "X") { availableToPromise } }',
            {"catalog.read": "variant", "inventory.read": "variant.availableToPromise"},
        ),
        ('{ node(id: "x") { id __typename } }', {}),
        ('{ node(id: "x") { ... on Order { id } } }', {"orders.read": "node"}),
        ('{ node(id: "x") { ... on Node { ... on Customer { email } } } }', {"customers.read": "node"}),
        (
            "{ nodes(ids: []) { ...O ...C } } fragment O on Order { customer { ...C } } fragment C on Customer { orderCount }",
            {"orders.read": "nodes", "customers.read": "nodes.customer"},
        ),
        (
            "mutation { cancelOrder(input: {}) { order { fulfillmentOrders { location { code } } } userErrors { code } } }",
            {
                "orders.write": "cancelOrder",
                "orders.read": "cancelOrder.order",
                "fulfillment.read": "cancelOrder.order.fulfillmentOrders",
                "inventory.read": "cancelOrder.order.fulfillmentOrders.location",
            },
        ),
        (
            "mutation { refundReturn(input: {}) { userErrors { code } } }",
            {"payments.write": "refundReturn", "returns.write": "refundReturn"},
        ),
        ("subscription { orderEvents { order { number } } }", {"orders.read": "orderEvents"}),
        ("query ($x: Boolean!) { orders @skip(if: $x) { totalCount } }", {"orders.read": "orders"}),
        ("{ ... on Query { ... { orders { totalCount } } } }", {"orders.read": "orders"}),
    ],
)
def test_a_document_needs_what_it_reads(access: Access, document: str, needed: dict[str, str]) -> None:
    assert needs(access, document) == needed


def test_of_several_operations_the_one_that_is_executed_counts(access: Access) -> None:
    document = "query A { orders { totalCount } } query B { eventLog { newest } } mutation C { holdOrder(input: {}) { userErrors { code } } }"
    assert needs(access, document, "A") == {"orders.read": "orders"}
    assert needs(access, document, "B") == {}
    assert needs(access, document, "C") == {"orders.write": "holdOrder"}


def test_fragments_that_spread_each_other_twice_are_read_once(access: Access) -> None:
    """Read each time, these would be 2^60 selections."""
    levels = [f"fragment F{n} on Order {{ a: customer {{ email }} ...F{n + 1} ...F{n + 1} }}" for n in range(60)]
    document = (
        "{ orders { edges { node { ...F0 } } } } " + " ".join(levels) + " fragment F60 on Order { payments { id } }"
    )
    assert needs(access, document) == {
        "orders.read": "orders",
        "customers.read": "orders.edges.node.a",
        "payments.read": "orders.edges.node.payments",
    }


def test_each_missing_permission_is_told_with_its_place(access: Access) -> None:
    document = parse("{ orders { edges { node { customer { email } payments { id } } } } }")
    found = needs_of(access, document, None)
    errors = [error.formatted for error in forbidden(found, Permissions.of(["orders.read"]))]
    assert errors == [
        {
            "message": "This access token does not allow it: orders.edges.node.customer needs customers.read",
            "locations": [{"line": 1, "column": 27}],
            "path": ["orders", "edges", "node", "customer"],
            "extensions": {"code": "FORBIDDEN", "permission": "customers.read"},
        },
        {
            "message": "This access token does not allow it: orders.edges.node.payments needs payments.read",
            "locations": [{"line": 1, "column": 46}],
            "path": ["orders", "edges", "node", "payments"],
            "extensions": {"code": "FORBIDDEN", "permission": "payments.read"},
        },
    ]
    assert len(forbidden(found, NOTHING)) == 3
    assert forbidden(found, ALL) == []
    assert set(access.roots) == set(OperationType)
