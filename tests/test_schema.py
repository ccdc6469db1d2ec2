"""The schema as a whole: generated, described, and every node readable."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import strawberry
from graphql import GraphQLInterfaceType, GraphQLNamedType, GraphQLSchema
from strawberry.relay import to_base64

from packhouse.orders.models import OrderLine
from packhouse.schema import NODES, print_schema
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.graphql import Execute

SDL = Path(__file__).parent.parent / "schema.graphql"


@pytest.fixture
def core_schema(graphql_schema: strawberry.Schema) -> GraphQLSchema:
    return graphql_schema._schema


def test_the_file_is_what_the_code_says() -> None:
    assert SDL.read_text() == print_schema(), "write it anew: packhouse docs schema > schema.graphql"


def test_everything_has_a_description(core_schema: GraphQLSchema) -> None:
    assert [
        name for kind in core_schema.type_map.values() if not kind.name.startswith("__") for name in undescribed(kind)
    ] == []


def undescribed(kind: GraphQLNamedType) -> Iterator[str]:
    if not kind.description:
        yield kind.name
    for name, field in getattr(kind, "fields", {}).items():
        if not field.description:
            yield f"{kind.name}.{name}"
        for argument_name, argument in getattr(field, "args", {}).items():
            if not argument.description:
                yield f"{kind.name}.{name}({argument_name})"


def test_every_node_can_be_read_by_its_id(core_schema: GraphQLSchema) -> None:
    node = core_schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {kind.name for kind in core_schema.get_possible_types(node)} == set(NODES)


async def test_reads_nodes_of_several_types_in_the_order_asked_for(database: Database, execute: Execute) -> None:
    await make_shop(database)
    order = await make_order(database)
    line = await OrderLine.get(order_id=order.id)
    ids = [
        to_base64("OrderLine", line.id),
        to_base64("Order", uuid4()),
        to_base64("Order", order.id),
        to_base64("Nothing", order.id),
        "garbage",
        to_base64("Order", "not-a-uuid"),
        to_base64("Order", order.id),
    ]
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Order { number lines { sku } } } }"

    nodes = (await execute(document, {"ids": ids}))["nodes"]

    found = {"__typename": "Order", "id": ids[2], "number": order.number, "lines": [{"sku": "MUG"}]}
    assert nodes == [{"__typename": "OrderLine", "id": ids[0]}, None, found, None, None, None, found]


async def test_an_unknown_node_is_null(execute: Execute) -> None:
    document = "query ($id: ID!) { node(id: $id) { id } }"
    assert await execute(document, {"id": to_base64("Order", uuid4())}) == {"node": None}
    assert await execute(document, {"id": "€"}) == {"node": None}


async def test_no_type_fails_on_an_unknown_id(execute: Execute) -> None:
    ids = [to_base64(name, uuid4()) for name in NODES]
    data = await execute("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})
    assert data == {"nodes": [None] * len(NODES)}


async def test_refuses_more_nodes_than_a_page(execute: Execute) -> None:
    [error] = await execute("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 101}, errors=True)
    assert error["message"] == "ids: ask for at most 100 objects, not 101"


async def test_the_second_mutation_of_a_document_does_not_show_what_was_loaded_for_the_first(
    database: Database, execute: Execute
) -> None:
    await make_shop(database)
    order = await make_order(database)
    document = """
    mutation ($id: ID!) {
      first: holdOrder(input: {orderId: $id, reason: FRAUD}) { order { holds { reason } onHold } userErrors { code } }
      second: holdOrder(input: {orderId: $id, reason: REVIEW}) { order { holds { reason } } userErrors { code } }
    }
    """

    data = await execute(document, {"id": to_base64("Order", order.id)})

    assert data["first"] == {"order": {"holds": [{"reason": "FRAUD"}], "onHold": True}, "userErrors": []}
    assert data["second"] == {"order": {"holds": [{"reason": "FRAUD"}, {"reason": "REVIEW"}]}, "userErrors": []}
