"""What Shopify's financial status says about money: charges, authorizations and refunds with ids that never change."""

from datetime import datetime
from decimal import Decimal

from packhouse.sdk import IncomingPayment, Money
from packhouse_shopify.fields import Fields, money_of, summed

_NO_MONEY = {"", "pending", "unpaid", "expired", "voided"}
_REFUNDED = {"refunded", "partially_refunded"}


def read_payments(order: Fields, order_id: str, total: Money, placed_at: datetime) -> tuple[IncomingPayment, ...]:
    """The order's payments.

    External ids are `<order>:authorization`, `<order>:charge` and `<order>:refund:<refund>`. A charge's amount is what
    was received so far: it grows from partially paid to paid under the same id.
    """
    status = order.text("financial_status").lower()
    if status in _NO_MONEY:
        return ()
    method = _method(order)
    if status == "authorized":
        payments = [IncomingPayment(f"{order_id}:authorization", "authorization", total, method, placed_at)]
    elif status == "partially_paid":
        payments = [IncomingPayment(f"{order_id}:charge", "charge", _received(order, total), method, placed_at)]
    elif status == "paid" or status in _REFUNDED:
        payments = [IncomingPayment(f"{order_id}:charge", "charge", total, method, placed_at)]
    else:
        raise order.unreadable("financial_status", f"{status!r} is not a financial status that is known")
    if status in _REFUNDED:
        payments += _refunds(order, order_id, total, method, whole=status == "refunded")
    return tuple(payment for payment in payments if payment.amount.amount > 0)


def _method(order: Fields) -> str:
    names = order.data.get("payment_gateway_names")
    if names is None:
        return ""
    if not isinstance(names, list):
        raise order.unreadable("payment_gateway_names", "is not a list")
    listed = Fields({str(index): name for index, name in enumerate(names)}, order.at("payment_gateway_names"))
    return ", ".join(name for key in listed.data if (name := listed.text(key)))


def _received(order: Fields, total: Money) -> Money:
    outstanding = order.money("total_outstanding", total.currency, signed=True)
    if outstanding is None:
        raise order.unreadable("total_outstanding", "is missing, so what was paid is not known")
    return money_of((total - outstanding).amount, total.currency, order.at("total_outstanding"))


def _refunds(order: Fields, order_id: str, total: Money, method: str, *, whole: bool) -> list[IncomingPayment]:
    refunds = []
    for refund in order.children("refunds"):
        refunds.append(
            IncomingPayment(
                f"{order_id}:refund:{refund.identity('Refund')}",
                "refund",
                _given_back(refund, total.currency),
                method,
                refund.time("processed_at") or refund.time("created_at"),
            )
        )
    if sum((refund.amount.amount for refund in refunds), Decimal(0)) > 0:
        return refunds
    if not whole:
        raise order.unreadable("refunds", "the order is partially refunded, but no refund is in it")
    return [IncomingPayment(f"{order_id}:refund", "refund", total, method)]


def _given_back(refund: Fields, currency: str) -> Money:
    """The sum of a refund's successful transactions."""
    amounts = []
    for transaction in refund.children("transactions"):
        if transaction.text("kind").lower() != "refund" or transaction.text("status").lower() != "success":
            continue
        # Webhooks give this amount in the customer's currency only; the Admin API gives both.
        found = transaction.text("currency")
        if found and found != currency:
            raise transaction.unreadable("currency", f"the refund is in {found}, the order in {currency}")
        amounts.append(transaction.required_money("amount", currency))
    return summed(amounts, currency, refund.at("transactions"))
