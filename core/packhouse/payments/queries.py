"""Reads of money that came in and went back."""

from packhouse.payments.models import PaymentEvent, Refund
from packhouse.storage.batches import by_id, children

payment_events_by_id = by_id(PaymentEvent)
refunds_by_id = by_id(Refund)
payments_of_orders = children(PaymentEvent, "order_id", "occurred_at")
refunds_of_orders = children(Refund, "order_id", "created_at")
refunds_of_returns = children(Refund, "return_id", "created_at")
