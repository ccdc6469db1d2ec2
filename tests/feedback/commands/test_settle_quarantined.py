from typing import Any
from uuid import uuid4

import pytest

from packhouse.events.models import EventRow
from packhouse.feedback.commands.settle_quarantined import (
    AssignQuarantinedReview,
    assign_quarantined_review,
    dismiss_quarantined_review,
    retry_quarantined_review,
)
from packhouse.feedback.commands.take_in_review import TakeInReview, TakenIn, take_in_review
from packhouse.feedback.models import QuarantinedReview, Review
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import IncomingReview, InvalidValue, Refused
from packhouse.storage import Database, Initiator

LOST = IncomingReview("lost", "NOT-OURS", 4, "Good", "It came", "MUG", language="en")


async def quarantine(database: Database, by: Initiator, review: IncomingReview = LOST) -> QuarantinedReview:
    data = TakeInReview("stars", review)
    assert await database.write(by, lambda uow: take_in_review(uow, data)) is TakenIn.QUARANTINED
    return await QuarantinedReview.get(external_id=review.external_id)


async def test_one_whose_order_has_come_leaves_at_once(database: Database, by: Initiator, order: Order) -> None:
    row = await quarantine(database, by)
    await Order.filter(id=order.id).update(number="NOT-OURS")

    review = await database.write(by, lambda uow: retry_quarantined_review(uow, row.id))

    assert (review.order_id, review.external_id, review.sku, review.language) == (order.id, "lost", "MUG", "en")
    assert await QuarantinedReview.all().count() == 0


async def test_one_is_tied_by_hand(database: Database, by: Initiator, order: Order) -> None:
    row = await quarantine(database, by)

    data = AssignQuarantinedReview(row.id, order.id)
    review = await database.write(by, lambda uow: assign_quarantined_review(uow, data))

    line = await OrderLine.get(order_id=order.id, sku="MUG")
    assert (review.order_id, review.order_line_id, review.body) == (order.id, line.id, "It came")
    assert review.recheck_at is not None
    assert await QuarantinedReview.all().count() == 0
    again = TakeInReview("stars", LOST)
    assert await database.write(by, lambda uow: take_in_review(uow, again)) is TakenIn.KNOWN


@pytest.mark.parametrize(("sku", "tied"), [("PLATE", "PLATE"), ("", "")])
async def test_the_product_is_chosen_by_hand(
    database: Database, by: Initiator, order: Order, sku: str, tied: str
) -> None:
    row = await quarantine(database, by, IncomingReview("odd", order.number, 4, problem="it names no SKU"))
    unsaid = AssignQuarantinedReview(row.id, order.id)
    with pytest.raises(Refused) as refused:
        await database.write(by, lambda uow: assign_quarantined_review(uow, unsaid))
    assert (refused.value.code, refused.value.field) == ("SAY_WHICH_PRODUCT", "sku")

    data = AssignQuarantinedReview(row.id, order.id, sku)
    review = await database.write(by, lambda uow: assign_quarantined_review(uow, data))

    assert review.sku == tied


async def test_one_that_is_dismissed_stays_away_and_is_erased(database: Database, by: Initiator, order: Order) -> None:
    row = await quarantine(database, by)

    dismissed = await database.write(by, lambda uow: dismiss_quarantined_review(uow, row.id))

    kept = await QuarantinedReview.get(id=row.id)
    assert (kept.title, kept.body, kept.due_at, kept.dismissed_at) == ("", "", None, dismissed.dismissed_at)
    (event,) = await EventRow.filter(type="feedback_dismissed")
    assert (event.actor, event.payload) == (by.actor, {"quarantined_review_id": str(row.id), "platform": "stars"})
    await Order.filter(id=order.id).update(number="NOT-OURS")
    again = TakeInReview("stars", LOST)
    assert await database.write(by, lambda uow: take_in_review(uow, again)) is TakenIn.KNOWN
    assert await Review.all().count() == 0


async def test_what_cannot_be_settled_changes_nothing(
    database: Database, by: Initiator, order: Order, snapshot: Any
) -> None:
    lost = await quarantine(database, by)
    odd = await quarantine(database, by, IncomingReview("odd", order.number, 9))
    gone = await quarantine(database, by, IncomingReview("gone", "NOT-OURS", 4))
    await database.write(by, lambda uow: dismiss_quarantined_review(uow, gone.id))
    before = await snapshot()
    cases: list[tuple[Any, str, str]] = [
        (lambda uow: retry_quarantined_review(uow, uuid4()), "NOT_FOUND", "id"),
        (lambda uow: retry_quarantined_review(uow, lost.id), "STILL_QUARANTINED", "id"),
        (lambda uow: retry_quarantined_review(uow, gone.id), "DISMISSED", "id"),
        (lambda uow: dismiss_quarantined_review(uow, gone.id), "DISMISSED", "id"),
        (
            lambda uow: assign_quarantined_review(uow, AssignQuarantinedReview(lost.id, uuid4())),
            "NOT_FOUND",
            "orderId",
        ),
        (
            lambda uow: assign_quarantined_review(uow, AssignQuarantinedReview(lost.id, order.id, "SPOON")),
            "UNKNOWN_SKU",
            "sku",
        ),
    ]
    for command, code, field in cases:
        with pytest.raises(Refused) as refused:
            await database.write(by, command)
        assert (refused.value.code, refused.value.field) == (code, field)
    data = AssignQuarantinedReview(odd.id, order.id)
    with pytest.raises(InvalidValue) as invalid:
        await database.write(by, lambda uow: assign_quarantined_review(uow, data))
    assert invalid.value.field == "score"
    assert await snapshot() == before
