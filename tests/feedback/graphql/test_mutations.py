from strawberry.relay import to_base64

from packhouse.orders.models import Order
from packhouse.testing.graphql import Execute

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
