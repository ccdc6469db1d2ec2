from typing import Any
from uuid import uuid4

import pytest

from packhouse.feedback.commands.record_review import RecordReview, record_review
from packhouse.feedback.commands.refresh_review import refresh_review
from packhouse.feedback.models import Review
from packhouse.orders.models import Order
from packhouse.sdk import IncomingReview, InvalidValue, Providers, ProviderUnavailable, Refused
from packhouse.storage import Database, Initiator


@pytest.fixture
async def review(database: Database, by: Initiator, order: Order) -> Review:
    data = RecordReview(order.id, 2, "Cold", "The tea was cold", "MUG", "stars", "r1")
    return await database.write(by, lambda uow: record_review(uow, data))


async def test_what_the_platform_says_now_is_kept(
    database: Database, by: Initiator, providers: Providers, platform: Any, review: Review
) -> None:
    platform.stands["r1"] = IncomingReview("r1", "", 4, "Warm", "They sent another")

    found = await refresh_review(database, providers, by, review.id)

    assert (found.score, found.title, found.body, found.sku) == (4, "Warm", "They sent another", "MUG")
    assert found.recheck_at is not None

    del platform.stands["r1"]
    gone = await refresh_review(database, providers, by, review.id)
    assert (gone.removed_at is not None, gone.body) == (True, "")


async def test_what_cannot_be_read_changes_nothing(
    *,
    database: Database,
    by: Initiator,
    providers: Providers,
    platform: Any,
    order: Order,
    review: Review,
    snapshot: Any,
) -> None:
    data = RecordReview(order.id, 5)
    told = await database.write(by, lambda uow: record_review(uow, data))
    before = await snapshot()
    for review_id, code in ((uuid4(), "NOT_FOUND"), (told.id, "CANNOT_READ")):
        with pytest.raises(Refused) as refused:
            await refresh_review(database, providers, by, review_id)
        assert (refused.value.code, refused.value.field) == (code, "reviewId")
    platform.stands["r1"] = IncomingReview("r1", "", 9)
    with pytest.raises(InvalidValue):
        await refresh_review(database, providers, by, review.id)
    platform.read_error = ProviderUnavailable("down")
    with pytest.raises(ProviderUnavailable):
        await refresh_review(database, providers, by, review.id)
    assert await snapshot() == before
