"""What Packhouse asks, against an account that remembers its orders."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from packhouse.sdk import (
    FulfillmentChange,
    FulfillmentRequest,
    NetworkStatus,
    ProviderInDoubt,
    ProviderRefused,
    ProviderUnavailable,
    TrackingStatus,
)
from packhouse_amazon_mcf import AmazonMcfProvider

REFERENCE = "018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c"
ORDERS = "/fulfillment/outbound/2026-07-04/orders"


@pytest.fixture
def seller(account: Any, provider_for: Callable[..., AmazonMcfProvider]) -> AmazonMcfProvider:
    """A provider of that account."""
    return provider_for(account.url)


def calls(account: Any) -> list[str]:
    return [
        f"{request.method} {request.path.removeprefix(ORDERS)}"
        for request in account.requests
        if "token" not in request.path
    ]


async def test_an_order_whose_answer_was_lost_is_found(
    account: Any, seller: AmazonMcfProvider, amazon_request: FulfillmentRequest
) -> None:
    account.lost = ["POST"]
    with pytest.raises(ProviderInDoubt):
        await seller.submit(amazon_request)
    found = await seller.fetch(REFERENCE)
    assert found is not None
    assert found.status is NetworkStatus.ACCEPTED
    assert list(account.orders) == [REFERENCE]


async def test_an_order_that_is_there_already_counts_as_taken(
    account: Any, seller: AmazonMcfProvider, amazon_request: FulfillmentRequest
) -> None:
    first = await seller.submit(amazon_request)
    account.ship(REFERENCE)
    again = await seller.submit(amazon_request)
    assert (first.status, again.status) == (NetworkStatus.ACCEPTED, NetworkStatus.SHIPPED)
    assert len(again.shipments) == 1


async def test_what_amazon_refuses_and_does_not_have_is_refused(
    amazon: Any, provider: AmazonMcfProvider, amazon_request: FulfillmentRequest
) -> None:
    amazon.answer(f"POST {ORDERS}", "refused", status=400)
    amazon.answer(f"GET {ORDERS}/{REFERENCE}", "not_found", status=404)
    with pytest.raises(ProviderRefused, match="The order cannot be taken"):
        await provider.submit(amazon_request)
    # while it cannot be found out it is not a no: nobody may send it from elsewhere
    amazon.answers[f"GET {ORDERS}/{REFERENCE}"].clear()
    amazon.answer(f"GET {ORDERS}/{REFERENCE}", status=503)
    with pytest.raises(ProviderUnavailable):
        await provider.submit(amazon_request)


async def test_an_unknown_order_is_none_everywhere(seller: AmazonMcfProvider) -> None:
    assert await seller.fetch("unheard-of") is None
    assert await seller.track_shipment("unheard-of", "S-1") == []
    assert (await seller.cancel("unheard-of", "key-1")).status is NetworkStatus.CANCELLED


async def test_cancelling_is_a_question_and_the_order_has_the_answer(
    account: Any, seller: AmazonMcfProvider, amazon_request: FulfillmentRequest
) -> None:
    await seller.submit(amazon_request)
    account.cancels = "asked"
    assert (await seller.cancel(REFERENCE, "key-1")).status is NetworkStatus.CANCELLATION_PENDING
    still = await seller.fetch(REFERENCE)
    account.cancels = "cancelled"
    assert (await seller.cancel(REFERENCE, "key-1")).status is NetworkStatus.CANCELLATION_PENDING
    ended = await seller.fetch(REFERENCE)
    assert still is not None
    assert ended is not None
    assert (still.status, ended.status) == (NetworkStatus.ACCEPTED, NetworkStatus.CANCELLED)


async def test_a_cancellation_that_amazon_refuses(
    account: Any, seller: AmazonMcfProvider, amazon_request: FulfillmentRequest
) -> None:
    await seller.submit(amazon_request)
    account.cancels = "refused"
    with pytest.raises(ProviderRefused, match="It is being packed"):
        await seller.cancel(REFERENCE, "key-1")
    # it has ended by itself meanwhile: what was asked for is so
    account.orders[REFERENCE]["status"] = "UNFULFILLABLE"
    assert (await seller.cancel(REFERENCE, "key-1")).status is NetworkStatus.REJECTED
    account.ship(REFERENCE)
    account.orders[REFERENCE]["status"] = "COMPLETE_PARTIAL"
    with pytest.raises(ProviderRefused):
        await seller.cancel(REFERENCE, "key-1")


async def test_holding_reads_first_and_changes_only_what_differs(
    account: Any, seller: AmazonMcfProvider, amazon_request: FulfillmentRequest
) -> None:
    await seller.submit(amazon_request)
    account.requests.clear()
    for on_hold in (False, True, True, False):
        await seller.update(FulfillmentChange("change-1", REFERENCE, on_hold=on_hold))
    read, write = f"GET /{REFERENCE}", f"PUT /{REFERENCE}"
    assert calls(account) == [read, read, write, read, read, write]
    assert account.orders[REFERENCE]["fulfillmentConfiguration"]["action"] == "SHIP"


async def test_an_address_stays_as_it_is(
    account: Any, seller: AmazonMcfProvider, amazon_request: FulfillmentRequest
) -> None:
    await seller.submit(amazon_request)
    account.requests.clear()
    await seller.update(FulfillmentChange("change-1", REFERENCE, ship_to=amazon_request.ship_to))
    moved = replace(amazon_request.ship_to, line1="4 Example Lane")
    with pytest.raises(ProviderRefused) as refused:
        await seller.update(FulfillmentChange("change-2", REFERENCE, ship_to=moved, on_hold=True))
    assert refused.value.code == "ADDRESS_FIXED"
    assert calls(account) == [f"GET /{REFERENCE}"] * 2


async def test_a_parcel_is_tracked_by_its_order(
    account: Any, seller: AmazonMcfProvider, amazon_request: FulfillmentRequest
) -> None:
    await seller.submit(amazon_request)
    account.ship(REFERENCE)
    update = await seller.fetch(REFERENCE)
    assert update is not None
    (parcel,) = update.shipments
    scans = await seller.track_shipment(REFERENCE, parcel.external_id)
    assert [scan.status for scan in scans] == [TrackingStatus.PICKED_UP, TrackingStatus.IN_TRANSIT]
