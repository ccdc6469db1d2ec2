from datetime import UTC, datetime, timedelta
from typing import Any

from strawberry.relay import to_base64

from packhouse.feedback.commands.record_review import RecordReview, record_review
from packhouse.feedback.commands.take_in_review import TakeInReview, take_in_review
from packhouse.feedback.models import QuarantinedReview, Review
from packhouse.orders.models import Order
from packhouse.sdk import IncomingReview, Providers, now
from packhouse.storage import Database, Initiator
from packhouse.testing.graphql import Execute
from packhouse.web.context import Context

WRITTEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
REVIEWS = """
query ($filter: ReviewFilter, $first: Int, $after: String) {
  reviews(filter: $filter, first: $first, after: $after) {
    edges { node { externalId } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}
"""
QUARANTINED = """
query ($filter: QuarantinedReviewFilter) {
  quarantinedReviews(filter: $filter) {
    edges { node { externalId platform reason orderNumber sku score attempts dismissedAt } }
  }
}
"""


async def recorded(database: Database, by: Initiator, order: Order, number: int, **changes: Any) -> Review:
    values = {"platform": "stars", "external_id": f"r{number}", "created_at": WRITTEN + timedelta(days=number)}
    data = RecordReview(order.id, 5, **{**values, **changes})
    return await database.write(by, lambda uow: record_review(uow, data))


async def test_reviews_are_listed_newest_first(
    database: Database, by: Initiator, execute: Execute, order: Order
) -> None:
    for number in range(1, 4):
        await recorded(database, by, order, number)
    await recorded(database, by, order, 4, sku="MUG")
    told = await recorded(database, by, order, 5, platform="manual")
    await Review.filter(id=told.id).update(reply_status="done")

    async def found(**filter_: str) -> list[str]:
        page = (await execute(REVIEWS, {"filter": filter_}))["reviews"]
        assert page["totalCount"] == len(page["edges"])
        return [edge["node"]["externalId"] for edge in page["edges"]]

    assert await found() == ["r5", "r4", "r3", "r2", "r1"]
    assert await found(platform="stars") == ["r4", "r3", "r2", "r1"]
    assert await found(sku="MUG") == ["r4"]
    assert await found(replyStatus="NONE", platform="manual") == []
    assert await found(replyStatus="DONE") == ["r5"]
    first = (await execute(REVIEWS, {"first": 2}))["reviews"]
    assert (first["pageInfo"]["hasNextPage"], first["totalCount"]) == (True, 5)
    rest = (await execute(REVIEWS, {"first": 3, "after": first["pageInfo"]["endCursor"]}))["reviews"]
    assert [edge["node"]["externalId"] for edge in rest["edges"]] == ["r3", "r2", "r1"]


async def test_a_review_says_what_may_be_done_with_it(
    *,
    database: Database,
    by: Initiator,
    execute: Execute,
    graphql_context: Context,
    providers: Providers,
    order: Order,
) -> None:
    review = await recorded(database, by, order, 1, sku="MUG")
    document = """
    query ($id: ID!) { node(id: $id) { ... on Review {
      orderLine { sku title } order { number } availableActions { action allowed reason }
    } } }
    """
    variables = {"id": to_base64("Review", review.id)}
    alone = (await execute(document, variables))["node"]
    assert alone["orderLine"] == {"sku": "MUG", "title": "Title of MUG"}
    assert alone["order"] == {"number": order.number}
    assert alone["availableActions"] == [
        {"action": "REPLY", "allowed": False, "reason": "no loaded plugin answers reviews on stars"},
        {"action": "REFRESH", "allowed": False, "reason": "no loaded plugin reads single reviews of stars"},
    ]
    graphql_context.providers = providers
    able = (await execute(document, variables))["node"]
    assert able["availableActions"] == [
        {"action": "REPLY", "allowed": True, "reason": None},
        {"action": "REFRESH", "allowed": True, "reason": None},
    ]
    await Review.filter(id=review.id).update(removed_at=now())
    gone = (await execute(document, variables))["node"]
    assert gone["availableActions"][0]["reason"] == "review r1 is not on stars any more"


async def test_the_quarantine_is_seen(database: Database, by: Initiator, execute: Execute) -> None:
    given = [
        ("stars", IncomingReview("r1", "NOT-OURS", 4, sku="MUG")),
        ("moons", IncomingReview("m1", "", 2**40)),
        ("moons", IncomingReview("m2", "", 4)),
    ]
    for platform, review in given:
        data = TakeInReview(platform, review)
        await database.write(by, lambda uow, data=data: take_in_review(uow, data))  # type: ignore[misc]  # a bound default
    await QuarantinedReview.filter(external_id="m2").update(dismissed_at=now())

    async def found(**filter_: Any) -> list[Any]:
        page = (await execute(QUARANTINED, {"filter": filter_}))["quarantinedReviews"]
        return [edge["node"] for edge in page["edges"]]

    waiting = await found()
    assert waiting == [
        {
            "externalId": "r1",
            "platform": "stars",
            "reason": "there is no order with number 'NOT-OURS'",
            "orderNumber": "NOT-OURS",
            "sku": "MUG",
            "score": 4,
            "attempts": 0,
            "dismissedAt": None,
        },
        {
            "externalId": "m1",
            "platform": "moons",
            "reason": "it names no order",
            "orderNumber": None,
            "sku": None,
            "score": 2**31 - 1,
            "attempts": 0,
            "dismissedAt": None,
        },
    ]
    assert [node["externalId"] for node in await found(platform="moons")] == ["m1"]
    assert [node["externalId"] for node in await found(dismissed=True)] == ["m2"]
