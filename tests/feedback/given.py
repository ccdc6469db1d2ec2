"""A review as a platform gives it."""

from datetime import UTC, datetime
from typing import Any

from packhouse.orders.models import Order
from packhouse.sdk import IncomingReview

WRITTEN = datetime(2026, 3, 2, 8, tzinfo=UTC)


def review(order: Order, external_id: str = "r1", **changes: Any) -> IncomingReview:
    values = {"score": 5, "title": "Good", "body": "Would buy again", "created_at": WRITTEN}
    return IncomingReview(external_id=external_id, order_number=order.number, **{**values, **changes})
