from dataclasses import replace

import pytest

from packhouse.demo.progress import DemoOrder

DONE = DemoOrder(
    id="T3JkZXI6MQ==",
    number="DEMO-RUN-001",
    placed_at="2026-11-22T12:00:00+00:00",
    total="22.95 GBP",
    phase="delivered",
    fulfilled_by=("Demo warehouse London",),
    carriers=("demo-carrier",),
    tracking_numbers=("DM1",),
    tracking=("delivered",),
    delivered_at="2026-11-22T12:00:10+00:00",
    review="answered",
    review_score=4,
    holds=(),
    was_released=False,
    return_status="closed",
    refund="19.00 GBP",
    is_refunded=True,
)


@pytest.mark.parametrize("is_returned", [True, False])
def test_an_order_that_reached_its_end(is_returned: bool) -> None:
    assert DONE.missing(is_returned=is_returned) == ""


@pytest.mark.parametrize(
    ("order", "missing"),
    [
        (replace(DONE, phase="in_transit"), "not delivered, in transit"),
        (replace(DONE, phase="held", holds=("payment",)), "not delivered, held (payment)"),
        (replace(DONE, phase="failed"), "not delivered, failed"),
        (replace(DONE, review_score=None, review="sent"), "delivered, its review is sent"),
        (replace(DONE, review_score=None, review=""), "delivered, its review is not asked for"),
        (replace(DONE, return_status="", is_refunded=False), "its return is not requested and not refunded"),
        (replace(DONE, return_status="received", is_refunded=False), "its return is received and not refunded"),
        (replace(DONE, return_status="received"), "refunded, its return is received"),
    ],
)
def test_an_order_that_is_still_under_way_says_where_it_stands(order: DemoOrder, missing: str) -> None:
    assert missing in order.missing(is_returned=True)


def test_a_customer_who_keeps_it_needs_no_return() -> None:
    assert replace(DONE, return_status="", is_refunded=False).missing(is_returned=False) == ""
