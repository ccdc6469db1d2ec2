"""Who is shown again what a request was answered before."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import strawberry

from packhouse.settings import Settings
from packhouse.web.graphql.keyed import forbidden_now
from packhouse.web.graphql.requests import GraphQLRequest
from packhouse.web.graphql.serving import Serving
from packhouse.web.permissions import ALL, Grant, Permissions

CLERK = Grant("clerk", Permissions.of(["orders.write"]))


@pytest.mark.parametrize(
    ("query", "grant", "codes"),
    [
        ("mutation { cancelOrder(input: {}) { order { number } } }", Grant("admin", ALL), []),
        ('mutation { cancelOrder(input: {orderId: "x", reason: "y"}) { order { number } } }', CLERK, []),
        (
            'mutation { cancelOrder(input: {orderId: "x", reason: "y"}) { order { refunds { id } } } }',
            CLERK,
            [{"code": "FORBIDDEN", "permission": "payments.read"}],
        ),
        # what an older version answered need not be known to this one
        ("mutation { burnOrder { order { number } } }", CLERK, [None]),
    ],
)
def test_one_that_may_do_less_by_now_is_not_shown_it(
    graphql_schema: strawberry.Schema, query: str, grant: Grant, codes: list[Any]
) -> None:
    serving = cast("Serving", SimpleNamespace(schema=graphql_schema, settings=Settings()))
    found = forbidden_now(serving, GraphQLRequest(query), grant)
    assert [error.extensions or None for error in found] == codes
