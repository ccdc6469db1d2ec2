import asyncio
from datetime import timedelta
from typing import Any

import pytest

from packhouse.catalog.models import Variant
from packhouse.customers.commands.record_consent import RecordConsent, record_consent
from packhouse.events.models import EventRow, ProviderCall
from packhouse.feedback.asking import send_due_review_requests
from packhouse.feedback.models import ReviewRequest
from packhouse.orders.models import Order, OrderLine
from packhouse.sdk import (
    ConsentPurpose,
    ConsentState,
    ProviderAuthFailed,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    Providers,
    ProviderUnavailable,
    ReviewProduct,
    now,
)
from packhouse.shipping.models import Shipment
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_delivered, make_order


async def plan(order: Order, *, due_in: float = -1, platform: str = "stars", attempts: int = 0) -> ReviewRequest:
    due_at = now() + timedelta(minutes=due_in)
    return await ReviewRequest.create(
        order_id=order.id, platform=platform, status="scheduled", send_at=due_at, due_at=due_at, attempts=attempts
    )


async def test_who_is_due_is_asked(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    request = await plan(order)

    assert await send_due_review_requests(database, providers, by) == {"sent": 1}

    (invitation,) = platform.invited
    shipment = await Shipment.get(order_id=order.id)
    assert (invitation.idempotency_key, invitation.reference) == (str(request.id), str(request.id))
    assert (invitation.order_number, invitation.email) == (order.number, "buyer@example.com")
    assert (invitation.customer_name, invitation.skus) == ("Test Buyer", ("MUG", "PLATE"))
    assert (invitation.delivered_at, invitation.send_at) == (shipment.delivered_at, request.send_at)
    assert (invitation.channel, invitation.country, invitation.locale) == ("web", "GB", "")
    kept = await ReviewRequest.get(id=request.id)
    assert (kept.status, kept.external_id, kept.due_at) == ("sent", "invitation-1", None)
    assert kept.sent_at is not None
    event = await EventRow.get(order_id=order.id, type="review_requested")
    assert event.payload == {
        "review_request_id": str(request.id),
        "platform": "stars",
        "order_number": order.number,
        "skus": ["MUG", "PLATE"],
    }
    assert await send_due_review_requests(database, providers, by) == {}


async def test_who_is_not_due_waits(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    await plan(order, due_in=5)

    assert await send_due_review_requests(database, providers, by) == {}
    assert platform.invited == []


@pytest.mark.parametrize(
    ("state", "status"),
    [(ConsentState.DENIED, "skipped"), (ConsentState.UNKNOWN, "sent"), (ConsentState.GRANTED, "sent")],
)
async def test_who_said_no_after_it_was_planned_is_not_asked(
    database: Database,
    by: Initiator,
    providers: Providers,
    order: Order,
    platform: Any,
    state: ConsentState,
    status: str,
) -> None:
    request = await plan(order)
    assert order.customer_id is not None
    said = RecordConsent(order.customer_id, ConsentPurpose.REVIEWS, state, "telephone")
    await database.write(by, lambda uow: record_consent(uow, said))

    assert await send_due_review_requests(database, providers, by) == {status: 1}

    assert len(platform.invited) == (status == "sent")
    kept = await ReviewRequest.get(id=request.id)
    skipped = "the customer does not want to be asked for reviews"
    assert kept.reason == (skipped if status == "skipped" else "")


async def test_workers_side_by_side_ask_once(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    await plan(order)

    await asyncio.gather(*(send_due_review_requests(database, providers, by) for _ in range(10)))

    assert (len(platform.invited), (await ReviewRequest.get()).status) == (1, "sent")


@pytest.mark.parametrize(
    ("error", "minutes"),
    [
        (ProviderUnavailable("down"), 20),
        (ProviderAuthFailed("key"), 20),
        (ProviderRateLimited("slow", retry_after=120), 2),
    ],
)
async def test_what_does_not_work_now_is_tried_later(
    database: Database,
    by: Initiator,
    providers: Providers,
    order: Order,
    platform: Any,
    error: Exception,
    minutes: int,
) -> None:
    request = await plan(order, attempts=2)
    platform.error = error

    assert await send_due_review_requests(database, providers, by) == {"scheduled": 1}

    kept = await ReviewRequest.get(id=request.id)
    assert kept.due_at is not None
    assert abs((kept.due_at - now()).total_seconds() - minutes * 60) < 30
    assert (kept.attempts, kept.reason.startswith(type(error).__name__)) == (3, True)
    platform.error = None
    await ReviewRequest.filter(id=request.id).update(due_at=now())
    assert await send_due_review_requests(database, providers, by) == {"sent": 1}
    assert [each.idempotency_key for each in platform.invited] == [str(request.id)] * 2


@pytest.mark.parametrize(
    ("error", "attempts", "reason"),
    [
        (ProviderRefused("unsubscribed"), 0, "ProviderRefused: unsubscribed"),
        (ProviderInDoubt("no answer"), 0, "it may have been sent: ProviderInDoubt:"),
        (ProviderUnavailable("down"), 11, "ProviderUnavailable: down"),
    ],
)
async def test_what_will_not_work_or_may_have_worked_is_not_repeated(
    database: Database,
    by: Initiator,
    providers: Providers,
    order: Order,
    platform: Any,
    error: Exception,
    attempts: int,
    reason: str,
) -> None:
    request = await plan(order, attempts=attempts)
    platform.error = error

    assert await send_due_review_requests(database, providers, by) == {"skipped": 1}

    kept = await ReviewRequest.get(id=request.id)
    assert (kept.status, kept.due_at, kept.reason.startswith(reason)) == ("skipped", None, True)
    assert len(platform.invited) == 1


async def test_one_that_does_not_work_keeps_nobody_waiting(
    database: Database, by: Initiator, providers: Providers, order: Order
) -> None:
    forgotten = await plan(order, due_in=-9, platform="gone")
    other = await make_order(database, {"MUG": 1})
    await make_delivered(database, other)
    erased = await plan(other, due_in=-8)
    await Order.filter(id=other.id).update(email="")
    asked = await plan(order, due_in=-7)

    assert await send_due_review_requests(database, providers, by) == {"scheduled": 1, "skipped": 1, "sent": 1}

    gone = await ReviewRequest.get(id=forgotten.id)
    assert (gone.status, gone.reason) == ("scheduled", "no plugin for platform gone is loaded")
    assert (await ReviewRequest.get(id=erased.id)).reason == "the order has no e-mail address"
    assert (await ReviewRequest.get(id=asked.id)).status == "sent"
    assert await ProviderCall.all().count() == 1


async def test_only_what_the_customer_keeps_is_asked_about(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    page = {"url": "https://shop.example/plate", "image_url": "https://shop.example/plate.jpg"}
    await Variant.filter(sku="PLATE").update(**page)
    await Order.filter(id=order.id).update(locale="fr-FR")
    await OrderLine.filter(order_id=order.id, sku="MUG").update(returned=2)
    await plan(order)

    assert await send_due_review_requests(database, providers, by) == {"sent": 1}

    (invitation,) = platform.invited
    assert invitation.products == (ReviewProduct("PLATE", "Title of PLATE", "BAR-PLATE", **page),)
    assert invitation.locale == "fr-FR"


async def test_who_sent_everything_back_is_not_asked(
    database: Database, by: Initiator, providers: Providers, order: Order, platform: Any
) -> None:
    for line in await OrderLine.filter(order_id=order.id):
        await OrderLine.filter(id=line.id).update(returned=line.delivered)
    request = await plan(order)

    assert await send_due_review_requests(database, providers, by) == {"cancelled": 1}

    kept = await ReviewRequest.get(id=request.id)
    assert (kept.status, kept.reason, kept.due_at) == ("cancelled", "everything was sent back", None)
    assert platform.invited == []


@pytest.mark.parametrize("error", [ProviderRateLimited("slow", retry_after=120), ProviderAuthFailed("key")])
async def test_a_platform_that_wants_to_be_left_alone_is_asked_no_further(
    database: Database, by: Initiator, order: Order, platform: Any, error: Exception
) -> None:
    other = await make_order(database, {"MUG": 1})
    await make_delivered(database, other)
    await plan(order, due_in=-9)
    waiting = await plan(other, due_in=-8)
    await plan(order, due_in=-7, platform="moons")
    platform.error = error
    moons = type(platform)(code="moons")
    both = Providers(reviews={"stars": platform, "moons": moons})

    assert await send_due_review_requests(database, both, by) == {"scheduled": 1, "sent": 1}

    assert (len(platform.invited), len(moons.invited)) == (1, 1)
    kept = await ReviewRequest.get(id=waiting.id)
    assert (kept.due_at, kept.attempts) == (waiting.due_at, 0)
