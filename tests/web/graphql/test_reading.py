"""Plugins read by the schema that everybody reads by."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
import strawberry

from packhouse.app import create_app
from packhouse.sdk import InvalidValue, QueryRefused, QueryUnanswered
from packhouse.storage import DatabaseLost, Initiator
from packhouse.testing.server import server_settings
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.graphql.reading import read_data
from packhouse.web.permissions import ALL, Grant

VARIANTS = "query Variants($first: Int!) { variants(first: $first) { edges { node { sku } } } }"


async def test_a_plugin_reads_data_and_hears_why_not(database_url: str) -> None:
    app = create_app(server_settings(database_url))
    house = app.state.house
    async with app.router.lifespan_context(app):
        query = house.host.candidates["packhouse-ordering"].context.query
        assert await query(VARIANTS, {"first": 1}) == {"variants": {"edges": []}}
        for document, reason in [
            ("{ nothing }", "Cannot query field 'nothing'"),
            ("{", "Syntax Error"),
            ("mutation { __typename }", "only queries"),
            ("query A { __typename } query B { __typename }", "several operations"),
            (VARIANTS, "non-null type .Int!."),
        ]:
            with pytest.raises(QueryRefused, match=reason):
                await query(document)


@strawberry.type
class Query:
    @strawberry.field
    async def slow(self) -> int | None:
        await asyncio.Event().wait()
        return 0

    @strawberry.field
    async def broken(self) -> int | None:
        raise KeyError("a secret of ours")

    @strawberry.field
    async def lost(self) -> int | None:
        raise DatabaseLost("the connection ended")

    @strawberry.field
    async def refused(self) -> int | None:
        raise InvalidValue("sku", "it cannot be empty")


async def test_what_fails_on_our_side_is_no_refusal(database_url: str) -> None:
    settings = server_settings(database_url)
    hasty = settings.model_copy(update={"graphql": settings.graphql.model_copy(update={"timeout_seconds": 0.05})})
    app = create_app(hasty)
    schema = GuardedSchema(query=Query)
    async with app.router.lifespan_context(app):

        async def ask(document: str) -> Mapping[str, Any]:
            context = app.state.house.context(Initiator("tester", "test"), Grant("tester", ALL))
            return await read_data(schema, context, document, {})

        with pytest.raises(QueryUnanswered, match="took too long"):
            await ask("{ slow }")
        with pytest.raises(QueryUnanswered, match="on our side") as failed:
            await ask("{ broken }")
        assert "secret" not in str(failed.value)
        with pytest.raises(DatabaseLost):
            await ask("{ broken lost }")
        with pytest.raises(QueryRefused, match="it cannot be empty"):
            await ask("{ refused }")
