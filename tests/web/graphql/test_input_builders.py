"""Input objects are built as Strawberry builds them, whatever they are made of."""

from typing import Any

import pytest
import strawberry
from strawberry import relay

from packhouse.web.graphql.guarded_schema import GuardedSchema


@strawberry.input
class Part:
    name: str
    amounts: list[int | None] = strawberry.field(default_factory=list)


@strawberry.input
class Whole:
    title: str = "untitled"
    node: relay.GlobalID | None = None
    part: Part | None = None
    parts: list[Part | None] = strawberry.field(default_factory=list)
    grid: list[list[Part]] = strawberry.field(default_factory=list)
    maybe: strawberry.Maybe[str | None] = None


@strawberry.type
class Query:
    @strawberry.field
    def shown(self, whole: Whole) -> str:
        return repr(whole)


async def shown(whole: dict[str, Any]) -> str:
    result = await GuardedSchema(query=Query).execute(
        "query Q($whole: Whole!) { shown(whole: $whole) }", variable_values={"whole": whole}
    )
    assert result.errors is None
    return str((result.data or {})["shown"])


NODE = relay.GlobalID("Order", "1")


@pytest.mark.parametrize(
    ("given", "built"),
    [
        ({}, Whole()),
        ({"title": "a", "part": None, "node": None}, Whole(title="a")),
        ({"node": str(NODE)}, Whole(node=NODE)),
        ({"part": {"name": "p", "amounts": [1, None]}}, Whole(part=Part(name="p", amounts=[1, None]))),
        ({"parts": [{"name": "p"}, None]}, Whole(parts=[Part(name="p"), None])),
        ({"grid": [[{"name": "p"}], []]}, Whole(grid=[[Part(name="p")], []])),
        ({"maybe": None}, Whole(maybe=strawberry.Some(None))),
        ({"maybe": "x"}, Whole(maybe=strawberry.Some("x"))),
    ],
)
async def test_an_input_is_what_its_fields_say(given: dict[str, Any], built: Whole) -> None:
    assert await shown(given) == repr(built)


async def test_two_requests_share_no_list() -> None:
    @strawberry.type
    class Growing:
        @strawberry.field
        def grown(self, part: Part) -> int:
            part.amounts.append(1)
            return len(part.amounts)

    schema = GuardedSchema(query=Growing)
    document = 'query Q($amounts: [Int] = [7]) { grown(part: {name: "p", amounts: $amounts}) }'
    for _ in range(2):
        result = await schema.execute(document)
        assert result.data == {"grown": 2}
