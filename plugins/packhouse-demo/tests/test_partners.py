"""The shop, the 3PL, the payment provider and the review platform."""

from datetime import UTC, datetime, timedelta

import pytest

import packhouse_demo.network
import packhouse_demo.reviews
from packhouse.sdk import (
    Address,
    FulfillmentItem,
    FulfillmentRequest,
    Money,
    NetworkStatus,
    ProviderRefused,
    RefundRequest,
    ReplyRequest,
    ReviewInvitation,
    ReviewProduct,
    ReviewReply,
)
from packhouse_demo import DemoSettings
from packhouse_demo.channel import DemoChannel
from packhouse_demo.network import DemoNetwork
from packhouse_demo.payments import DemoPayments
from packhouse_demo.reviews import DemoReviews, score_of
from packhouse_demo.tracking import journey_of

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BASKET = [("DEMO-MUG", "Stoneware mug", 2, "9.50")]


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(packhouse_demo.network, "now", clock)
    monkeypatch.setattr(packhouse_demo.reviews, "now", clock)
    return clock


async def test_the_shop_gives_what_it_was_asked_to_sell() -> None:
    shop = DemoChannel()
    before = datetime.now(UTC)
    sold = shop.sell("RUN", 17, BASKET)
    page = await shop.pull_orders(before, None)
    assert page.cursor is None
    (order,) = page.orders
    assert (order.number, order.external_id, order.customer_name) == (
        "DEMO-RUN-017",
        "demo-run-017",
        "Demo Customer 17",
    )
    assert order.email == "demo.customer.17@example.com"
    assert order.total == Money.of("22.95", "GBP")
    (payment,) = order.payments
    assert (payment.kind, payment.amount, payment.provider) == ("charge", order.total, "demo-pay")
    assert order.shipping_address is not None
    assert (order.shipping_address.country, order.shipping_address.line1) == ("GB", "17 Twine Terrace")
    assert sold.number == order.number
    assert await shop.pull_orders(datetime.now(UTC), None) == type(page)((), None)


async def test_money_that_comes_late_is_a_later_version_of_the_order() -> None:
    shop = DemoChannel()
    sold = shop.sell("RUN", 1, BASKET, is_paid=False)
    (unpaid,) = (await shop.pull_orders(START, None)).orders
    assert unpaid.payments == ()
    shop.pay(sold.external_id)
    (paid,) = (await shop.pull_orders(START, None)).orders
    assert paid.updated_at > unpaid.updated_at
    assert paid.payments[0].amount == sold.total


async def test_the_shop_gives_pages() -> None:
    shop = DemoChannel()
    for serial in range(1, 121):
        shop.sell("RUN", serial, BASKET)
    numbers, cursor = [], None
    while True:
        page = await shop.pull_orders(START - timedelta(days=30_000), cursor)
        numbers += [order.number for order in page.orders]
        cursor = page.cursor
        if cursor is None:
            break
    assert numbers == [f"DEMO-RUN-{serial:03d}" for serial in range(1, 121)]


async def test_the_3pl_accepts_and_ships(clock: Clock) -> None:
    network = DemoNetwork(DemoSettings(speed=2))
    request = FulfillmentRequest(
        "key", "work-1", "hub", "1001", Address(), (FulfillmentItem("line-1", "MUG", "Mug", 3),)
    )
    assert await network.fetch("work-1") is None
    submitted = await network.submit(request)
    assert (submitted.status, submitted.shipments) == (NetworkStatus.SUBMITTED, ())
    clock.wait(0.5)
    assert await network.submit(request) == await network.fetch("work-1")
    accepted = await network.fetch("work-1")
    assert accepted is not None
    assert (accepted.status, accepted.external_id) == (NetworkStatus.ACCEPTED, submitted.external_id)
    clock.wait(1)
    shipped = await network.fetch("work-1")
    clock.wait(60)
    assert shipped == await network.fetch("work-1")
    assert shipped is not None
    assert shipped.status is NetworkStatus.SHIPPED
    (shipment,) = shipped.shipments
    assert (shipment.carrier, dict(shipment.lines)) == ("demo-carrier", {"line-1": 3})
    assert shipment.shipped_at == START + timedelta(seconds=1.5)
    journey = journey_of(shipment.tracking_number)
    assert journey is not None
    assert journey.started_at == shipment.shipped_at


async def test_the_3pl_gives_back_what_has_not_left(clock: Clock) -> None:
    network = DemoNetwork(DemoSettings())
    item = FulfillmentItem("line-1", "MUG", "Mug", 3)
    for reference in ("work-1", "work-2"):
        await network.submit(FulfillmentRequest("key", reference, "hub", "1001", Address(), (item,)))
    clock.wait(2)
    given_back = await network.cancel("work-1", "key")
    clock.wait(2)
    assert given_back.status is NetworkStatus.CANCELLED
    assert await network.cancel("work-1", "key") == await network.fetch("work-1") == given_back
    with pytest.raises(ProviderRefused, match="has left already"):
        await network.cancel("work-2", "key")
    with pytest.raises(ProviderRefused, match="does not know"):
        await network.cancel("work-3", "key")


async def test_the_3pl_refuses_a_request_for_nothing() -> None:
    with pytest.raises(ProviderRefused):
        await DemoNetwork(DemoSettings()).submit(FulfillmentRequest("key", "work-1", "hub", "1001", Address(), ()))


async def test_a_refund_has_one_reference() -> None:
    payments = DemoPayments()
    request = RefundRequest("key", "1001", "pay-1", Money.of("5.00", "GBP"))
    assert await payments.find_refund(request) is None
    receipt = await payments.refund(request)
    assert await payments.refund(request) == receipt == await payments.find_refund(request)
    assert await DemoPayments().refund(request) == receipt
    with pytest.raises(ProviderRefused):
        await payments.refund(RefundRequest("key-2", "1001", "", Money.of("5.00", "GBP")))


async def test_a_review_comes_some_moments_after_the_invitation_and_once(clock: Clock) -> None:
    platform = DemoReviews(DemoSettings())
    mug = ReviewProduct("MUG", "Mug")
    invited = ReviewInvitation("key", "request-1", "1001", "buyer@example.com", "", (mug,), START, START)
    assert invited.skus == ("MUG",)
    assert await platform.invite(invited) == await platform.invite(invited)
    first = await platform.pull_reviews(None)
    assert first.reviews == ()
    clock.wait(2)
    page = await platform.pull_reviews(first.cursor)
    (review,) = page.reviews
    assert (review.order_number, review.score, review.sku) == ("1001", score_of("1001"), "")
    assert review.created_at == START + timedelta(seconds=2)
    assert await platform.pull_reviews(page.cursor) == type(page)((), page.cursor)


async def test_a_cursor_of_an_earlier_process_hides_nothing_new(clock: Clock) -> None:
    old = DemoReviews(DemoSettings())
    await old.invite(ReviewInvitation("key", "request-1", "1001", "buyer@example.com", "", (), START, START))
    clock.wait(10)
    cursor = (await old.pull_reviews(None)).cursor
    fresh = DemoReviews(DemoSettings())
    await fresh.invite(ReviewInvitation("key-2", "request-2", "1002", "buyer@example.com", "", (), START, START))
    clock.wait(10)
    assert [review.order_number for review in (await fresh.pull_reviews(cursor)).reviews] == ["1002"]


async def test_a_review_is_answered_once(clock: Clock) -> None:
    platform = DemoReviews(DemoSettings())
    assert await platform.find_reply("review-1") is None
    reply = await platform.reply(ReplyRequest("key", "review-1", "Thank you"))
    assert reply == ReviewReply("Thank you", START)
    clock.wait(1)
    assert await platform.reply(ReplyRequest("key", "review-1", "Thanks")) == reply
    assert await platform.find_reply("review-1") == reply


def test_scores_are_three_to_five() -> None:
    assert {score_of(f"DEMO-RUN-{serial:03d}") for serial in range(100)} == {3, 4, 5}
