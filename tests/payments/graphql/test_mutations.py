from typing import Any

import pytest
from strawberry.relay import to_base64

from packhouse.orders.models import Order
from packhouse.sdk import ProviderInDoubt, ProviderRefused
from packhouse.testing.graphql import Execute
from packhouse.testing.payments import FakeBank, money_of
from packhouse.web.context import Context

RECORD = """
mutation ($input: RecordPaymentInput!) {
  recordPayment(input: $input) {
    payment { kind outcome amount { amount currency } provider externalId }
    order { number paymentStatus payments { kind } }
    userErrors { code field message }
  }
}
"""
REFUND = """
mutation ($input: RefundOrderInput!) {
  refundOrder(input: $input) {
    refund { id status amount { amount currency } provider reference reason }
    order { paymentStatus refunds { id status } }
    userErrors { code field }
  }
}
"""
RETRY = """
mutation ($input: RetryRefundInput!) {
  retryRefund(input: $input) { refund { status } order { paymentStatus } userErrors { code field } }
}
"""


@pytest.fixture(autouse=True)
def with_bank(graphql_context: Context, bank: FakeBank) -> None:
    graphql_context.providers = bank.providers


async def test_money_comes_in_and_goes_back(execute: Execute, order: Order) -> None:
    order_id = to_base64("Order", order.id)
    charge: dict[str, Any] = {
        "orderId": order_id,
        "kind": "CHARGE",
        "amount": {"amount": "20.00", "currency": "GBP"},
        "provider": "bank",
        "externalId": "pay-1",
    }
    for _ in range(2):
        recorded = (await execute(RECORD, {"input": charge}))["recordPayment"]
        assert recorded == {
            "payment": {
                "kind": "CHARGE",
                "outcome": "SUCCESS",
                "amount": {"amount": "20.00", "currency": "GBP"},
                "provider": "bank",
                "externalId": "pay-1",
            },
            "order": {"number": order.number, "paymentStatus": "PAID", "payments": [{"kind": "CHARGE"}]},
            "userErrors": [],
        }

    refund = {"orderId": order_id, "amount": {"amount": "7.50", "currency": "GBP"}, "reason": "chipped"}
    refunded = (await execute(REFUND, {"input": refund}))["refundOrder"]
    assert refunded == {
        "refund": {
            "id": refunded["refund"]["id"],
            "status": "DONE",
            "amount": {"amount": "7.50", "currency": "GBP"},
            "provider": "bank",
            "reference": "bank-1",
            "reason": "chipped",
        },
        "order": {
            "paymentStatus": "PARTIALLY_REFUNDED",
            "refunds": [{"id": refunded["refund"]["id"], "status": "DONE"}],
        },
        "userErrors": [],
    }
    rest = (await execute(REFUND, {"input": {"orderId": order_id}}))["refundOrder"]
    assert (rest["refund"]["amount"]["amount"], rest["order"]["paymentStatus"]) == ("12.50", "REFUNDED")


async def test_refusals_are_user_errors_with_the_path_of_the_field(execute: Execute, paid: Order) -> None:
    order_id, other = to_base64("Order", paid.id), to_base64("Variant", paid.id)
    before = await money_of(paid)
    amount = {"amount": "1.00", "currency": "GBP"}
    cases: list[tuple[str, dict[str, Any], str, list[str]]] = [
        (RECORD, {"orderId": order_id, "kind": "CHARGE", "amount": {"amount": "-1", "currency": "GBP"}}, "INVALID_VALUE", ["amount"]),
        (RECORD, {"orderId": order_id, "kind": "CHARGE", "amount": {"amount": "1.001", "currency": "GBP"}}, "INVALID_VALUE", ["amount", "amount"]),
        (RECORD, {"orderId": order_id, "kind": "CHARGE", "amount": {"amount": "1", "currency": "EUR"}}, "CURRENCY_MISMATCH", ["amount"]),
        (RECORD, {"orderId": other, "kind": "CHARGE", "amount": amount}, "INVALID_ID", ["orderId"]),
        (REFUND, {"orderId": order_id, "amount": {"amount": "20.01", "currency": "GBP"}}, "REFUND_TOO_LARGE", ["amount"]),
        (REFUND, {"orderId": order_id, "amount": amount, "byHand": True}, "INVALID_VALUE", ["reason"]),
        (REFUND, {"orderId": other}, "INVALID_ID", ["orderId"]),
        (RETRY, {"refundId": order_id}, "INVALID_ID", ["refundId"]),
        (RETRY, {"refundId": to_base64("Refund", paid.id)}, "NOT_FOUND", ["refundId"]),
    ]  # fmt: skip
    for document, given, code, field in cases:
        (payload,) = (await execute(document, {"input": given})).values()
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(code, field)]
        assert (payload.get("refund"), payload.get("payment")) == (None, None)
    assert await money_of(paid) == before


async def test_a_failed_refund_is_shown_with_its_order_and_retried(
    execute: Execute, paid: Order, bank: FakeBank
) -> None:
    order_id = to_base64("Order", paid.id)
    bank.error = ProviderRefused("card closed")
    failed = (await execute(REFUND, {"input": {"orderId": order_id}}))["refundOrder"]
    assert (failed["refund"], failed["userErrors"]) == (None, [{"code": "PROVIDER_REFUSED", "field": None}])
    (shown,) = failed["order"]["refunds"]
    assert shown["status"] == "FAILED"

    bank.error = ProviderInDoubt("no answer")
    doubtful = (await execute(RETRY, {"input": {"refundId": shown["id"]}}))["retryRefund"]
    assert doubtful["userErrors"] == [{"code": "PROVIDER_IN_DOUBT", "field": None}]
    assert doubtful["order"] == {"paymentStatus": "PAID"}

    bank.error = None
    (refunds,) = [(await execute("query ($id: ID!) { node(id: $id) { ... on Order { refunds { id status } } } }", {"id": order_id}))["node"]["refunds"]]  # fmt: skip
    assert [refund["status"] for refund in refunds] == ["FAILED", "IN_DOUBT"]
    done = (await execute(RETRY, {"input": {"refundId": refunds[1]["id"]}}))["retryRefund"]
    assert done == {"refund": {"status": "DONE"}, "order": {"paymentStatus": "REFUNDED"}, "userErrors": []}
