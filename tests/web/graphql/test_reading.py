"""Plugins read by the schema that everybody reads by."""

import pytest

from packhouse.app import create_app
from packhouse.sdk import QueryRefused
from packhouse.testing.server import server_settings

VARIANTS = "query Variants($first: Int!) { variants(first: $first) { edges { node { sku } } } }"


async def test_a_plugin_reads_data_and_hears_why_not(sqlite_url: str) -> None:
    app = create_app(server_settings(sqlite_url))
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
