from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from packhouse.events.models import EventRow
from packhouse.feedback.commands.record_review import RecordReview, record_review
from packhouse.feedback.models import Review, ReviewRequest
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import InvalidValue, Refused, now
from packhouse.storage import Database, Initiator

Snapshot = Callable[[], Awaitable[object]]
WRITTEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_a_review_by_hand_is_kept(database: Database, by: Initiator, order: Order) -> None:
    data = RecordReview(order.id, 4, "Nice", "Warm tea at last", "MUG", created_at=WRITTEN)
    review = await database.write(by, lambda uow: record_review(uow, data))

    kept = await Review.get(id=review.id)
    assert (kept.order_id, kept.platform, kept.score, kept.sku) == (order.id, "manual", 4, "MUG")
    assert (kept.title, kept.body, kept.created_at) == ("Nice", "Warm tea at last", WRITTEN)
    line = await OrderLine.get(order_id=order.id, sku="MUG")
    assert (kept.order_line_id, kept.reply_status) == (line.id, "none")
    event = await EventRow.get(order_id=order.id, type="feedback_received")
    assert event.payload == {
        "review_id": str(review.id),
        "order_number": order.number,
        "platform": "manual",
        "score": 4,
        "sku": "MUG",
        "product_title": "Title of MUG",
        "order_line_id": str(line.id),
        "language": "",
    }
    assert (await Order.get(id=order.id)).updated_at > order.updated_at


async def test_the_same_review_again_changes_nothing(
    database: Database, by: Initiator, order: Order, snapshot: Snapshot
) -> None:
    data = RecordReview(order.id, 4, platform="stars", external_id="r1")
    first = await database.write(by, lambda uow: record_review(uow, data))
    before = await snapshot()

    again = await database.write(by, lambda uow: record_review(uow, data))

    assert (again.id, await snapshot()) == (first.id, before)


@pytest.mark.parametrize(("before", "after"), [("sent", "answered"), ("scheduled", "skipped"), ("skipped", "skipped")])
async def test_the_question_is_answered(
    database: Database, by: Initiator, order: Order, before: str, after: str
) -> None:
    request = await ReviewRequest.create(
        order_id=order.id,
        platform="stars",
        status=before,
        send_at=now(),
        due_at=now() if before == "scheduled" else None,
    )
    other = await ReviewRequest.create(order_id=order.id, platform="other", status="sent", send_at=now())
    data = RecordReview(order.id, 5, platform="stars", external_id="r1", created_at=WRITTEN)

    await database.write(by, lambda uow: record_review(uow, data))

    kept = await ReviewRequest.get(id=request.id)
    assert (kept.status, kept.due_at) == (after, None)
    assert kept.answered_at == (WRITTEN if after == "answered" else None)
    assert (await ReviewRequest.get(id=other.id)).status == "sent"


async def test_what_cannot_be_is_refused(database: Database, by: Initiator, order: Order, snapshot: Snapshot) -> None:
    before = await snapshot()
    cases: list[tuple[RecordReview, str]] = [
        (RecordReview(order.id, 0), "score"),
        (RecordReview(order.id, 6), "score"),
        (RecordReview(order.id, 5, platform=" "), "platform"),
        (RecordReview(order.id, 5, title="x" * 256), "title"),
        (RecordReview(order.id, 5, external_id="x" * 129), "externalId"),
        (RecordReview(order.id, 5, created_at=datetime(2026, 3, 1)), "createdAt"),  # noqa: DTZ001
    ]
    for data, field in cases:
        with pytest.raises(InvalidValue) as invalid:
            await database.write(by, lambda uow, data=data: record_review(uow, data))  # type: ignore[misc]
        assert invalid.value.field == field
    for data, code, field in (
        (RecordReview(uuid4(), 5), "NOT_FOUND", "orderId"),
        (RecordReview(order.id, 5, sku="SPOON"), "UNKNOWN_SKU", "sku"),
    ):
        with pytest.raises(Refused) as refused:
            await database.write(by, lambda uow, data=data: record_review(uow, data))  # type: ignore[misc]
        assert (refused.value.code, refused.value.field) == (code, field)
    assert await snapshot() == before
