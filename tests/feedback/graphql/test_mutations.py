from typing import Any

from strawberry.relay import to_base64

from packhouse.feedback.commands.record_review import RecordReview, record_review
from packhouse.feedback.commands.take_in_review import TakeInReview, take_in_review
from packhouse.feedback.models import QuarantinedReview
from packhouse.orders.models import Order
from packhouse.sdk import IncomingReview, ProviderRefused, Providers
from packhouse.storage import Database, Initiator
from packhouse.testing.graphql import Execute
from packhouse.web.context import Context

RECORD = """
mutation ($input: RecordReviewInput!) {
  recordReview(input: $input) {
    review { platform score title body sku }
    order { reviews { score } }
    userErrors { code field }
  }
}
"""


async def test_a_review_is_recorded_by_hand(execute: Execute, order: Order) -> None:
    given = {"orderId": to_base64("Order", order.id), "score": 4, "title": "Nice", "body": "Warm tea", "sku": "MUG"}

    recorded = (await execute(RECORD, {"input": given}))["recordReview"]

    assert recorded == {
        "review": {"platform": "manual", "score": 4, "title": "Nice", "body": "Warm tea", "sku": "MUG"},
        "order": {"reviews": [{"score": 4}]},
        "userErrors": [],
    }


async def test_refusals_are_user_errors(execute: Execute, order: Order) -> None:
    order_id = to_base64("Order", order.id)
    for given, code, field in (
        ({"orderId": order_id, "score": 6}, "INVALID_VALUE", "score"),
        ({"orderId": order_id, "score": 5, "sku": "SPOON"}, "UNKNOWN_SKU", "sku"),
        ({"orderId": to_base64("Return", order.id), "score": 5}, "INVALID_ID", "orderId"),
    ):
        refused = (await execute(RECORD, {"input": given}))["recordReview"]
        assert refused == {"review": None, "order": None, "userErrors": [{"code": code, "field": [field]}]}


REPLY = """
mutation ($input: ReplyToReviewInput!) {
  replyToReview(input: $input) {
    review { reply replyStatus replyError repliedBy }
    order { number }
    userErrors { code field }
  }
}
"""


async def test_a_review_is_answered(
    *,
    database: Database,
    by: Initiator,
    execute: Execute,
    graphql_context: Context,
    providers: Providers,
    platform: Any,
    order: Order,
) -> None:
    graphql_context.providers = providers
    data = RecordReview(order.id, 2, platform="stars", external_id="r1")
    review = await database.write(by, lambda uow: record_review(uow, data))
    given = {"reviewId": to_base64("Review", review.id), "text": "We are sorry"}
    platform.reply_errors = [ProviderRefused("not today")]

    failed = (await execute(REPLY, {"input": given}))["replyToReview"]
    assert failed["userErrors"] == [{"code": "PROVIDER_REFUSED", "field": None}]
    assert failed["review"] == {
        "reply": "We are sorry",
        "replyStatus": "FAILED",
        "replyError": "not today",
        "repliedBy": None,
    }

    answered = (await execute(REPLY, {"input": given}))["replyToReview"]
    assert answered == {
        "review": {"reply": "We are sorry", "replyStatus": "DONE", "replyError": None, "repliedBy": "tester"},
        "order": {"number": order.number},
        "userErrors": [],
    }
    again = (await execute(REPLY, {"input": given}))["replyToReview"]
    assert again["userErrors"] == [{"code": "ALREADY_REPLIED", "field": ["reviewId"]}]
    unknown = (await execute(REPLY, {"input": {**given, "reviewId": to_base64("Order", review.id)}}))["replyToReview"]
    assert unknown == {"review": None, "order": None, "userErrors": [{"code": "INVALID_ID", "field": ["reviewId"]}]}


async def test_a_review_is_read_again(
    *,
    database: Database,
    by: Initiator,
    execute: Execute,
    graphql_context: Context,
    providers: Providers,
    platform: Any,
    order: Order,
) -> None:
    graphql_context.providers = providers
    data = RecordReview(order.id, 2, platform="stars", external_id="r1")
    review = await database.write(by, lambda uow: record_review(uow, data))
    platform.stands["r1"] = IncomingReview("r1", "", 5, "Better", language="en")
    document = """
    mutation ($input: RefreshReviewInput!) {
      refreshReview(input: $input) { review { score title language removedAt } userErrors { code } }
    }
    """
    given = {"input": {"reviewId": to_base64("Review", review.id)}}

    found = (await execute(document, given))["refreshReview"]

    assert found == {
        "review": {"score": 5, "title": "Better", "language": "en", "removedAt": None},
        "userErrors": [],
    }


async def test_the_quarantine_is_settled(database: Database, by: Initiator, execute: Execute, order: Order) -> None:
    for number in ("one", "two", "three"):
        taken = TakeInReview("stars", IncomingReview(number, f"NOT-{number}", 4))
        await database.write(by, lambda uow, taken=taken: take_in_review(uow, taken))  # type: ignore[misc]  # a bound default
    ids = {row.external_id: to_base64("QuarantinedReview", row.id) for row in await QuarantinedReview.all()}
    order_id = to_base64("Order", order.id)
    document = """
    mutation ($retry: RetryQuarantinedReviewInput!, $assign: AssignQuarantinedReviewInput!,
              $dismiss: DismissQuarantinedReviewInput!) {
      retryQuarantinedReview(input: $retry) { review { externalId } userErrors { code field } }
      assignQuarantinedReview(input: $assign) { review { externalId sku } order { number } userErrors { code } }
      dismissQuarantinedReview(input: $dismiss) { quarantinedReview { externalId body } userErrors { code } }
    }
    """

    settled = await execute(
        document,
        {
            "retry": {"id": ids["one"]},
            "assign": {"id": ids["two"], "orderId": order_id, "sku": "PLATE"},
            "dismiss": {"id": ids["three"]},
        },
    )

    assert settled == {
        "retryQuarantinedReview": {"review": None, "userErrors": [{"code": "STILL_QUARANTINED", "field": ["id"]}]},
        "assignQuarantinedReview": {
            "review": {"externalId": "two", "sku": "PLATE"},
            "order": {"number": order.number},
            "userErrors": [],
        },
        "dismissQuarantinedReview": {"quarantinedReview": {"externalId": "three", "body": None}, "userErrors": []},
    }
