from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from packhouse.fulfillment.commands.submit import submit_fulfillment
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.inventory.models import Location
from packhouse.orders.models import Order
from packhouse.sdk import (
    NetworkShipment,
    NetworkStatus,
    NetworkUpdate,
    ProviderAuthFailed,
    ProviderRateLimited,
    ProviderRefused,
    Providers,
    ProviderUnavailable,
    TrackingStatus,
    TrackingUpdate,
    now,
)
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.shipping.jobs import Polled, poll_networks, poll_tracking
from packhouse.shipping.models import Shipment
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_location, make_order, make_shop, make_stock, make_variant
from packhouse.testing.partners import TestCarrier, TestCooperatingNetwork, TestNetwork
from packhouse.testing.proofs import contradictions

Drafted = Callable[..., Awaitable[Shipment]]
_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
_DELIVERED = TrackingUpdate("d", TrackingStatus.DELIVERED, _AT)
_MOVING = TrackingUpdate("m", TrackingStatus.IN_TRANSIT, _AT)


@pytest.fixture
async def on_the_way(database: Database, by: Initiator, drafted: Drafted) -> list[Shipment]:
    """Three shipments with the numbers OWN-0 to OWN-2, due in this order."""
    await make_shop(database)
    shipments = []
    for number in range(3):
        draft = await drafted(await make_order(database, {"MUG": 1}), tracking_number=f"OWN-{number}")
        data = HandOver(draft.id)
        shipments.append(await _hand_over(database, by, data))
    return shipments


async def _hand_over(database: Database, by: Initiator, data: HandOver) -> Shipment:
    return await database.write(by, lambda uow: hand_over(uow, data))


async def _next_polls(shipments: list[Shipment]) -> list[datetime | None]:
    return [(await Shipment.get(id=shipment.id)).next_poll_at for shipment in shipments]


async def test_what_arrived_is_not_asked_about_again(
    database: Database, by: Initiator, on_the_way: list[Shipment]
) -> None:
    carrier = TestCarrier(scans={"OWN-0": [_DELIVERED], "OWN-1": [_MOVING]})
    providers = Providers(carriers={"test": carrier})

    assert await poll_tracking(database, providers, by) == Polled(asked=3)

    statuses = [(await Shipment.get(id=shipment.id)).status for shipment in on_the_way]
    assert statuses == ["delivered", "handed_over", "handed_over"]
    first, second, third = await _next_polls(on_the_way)
    assert first is None
    assert second is not None
    assert third is not None
    assert second > now() + timedelta(minutes=4)
    assert await poll_tracking(database, providers, by) == Polled()
    assert (await Order.get(id=on_the_way[0].order_id)).status == "completed"


async def test_one_that_fails_stops_nobody_else(database: Database, by: Initiator, on_the_way: list[Shipment]) -> None:
    carrier = TestCarrier(
        scans={"OWN-2": [_DELIVERED]}, fails={"track": [ProviderRefused("unknown number"), KeyError("odd answer")]}
    )

    polled = await poll_tracking(database, Providers(carriers={"test": carrier}), by)

    assert polled == Polled(asked=3, failed=2)
    assert (await Shipment.get(id=on_the_way[2].id)).status == "delivered"
    first, second, _ = await _next_polls(on_the_way)
    assert first is not None
    assert second is not None
    assert min(first, second) > now() + timedelta(minutes=25)


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (ProviderRateLimited("slow down", retry_after=90), timedelta(seconds=90)),
        (ProviderAuthFailed("key revoked"), timedelta(hours=1)),
        (ProviderUnavailable("maintenance"), timedelta(minutes=5)),
    ],
)
async def test_a_carrier_that_cannot_be_asked_is_left_alone_and_the_others_go_on(
    database: Database, by: Initiator, on_the_way: list[Shipment], error: Exception, pause: timedelta
) -> None:
    await Shipment.filter(id=on_the_way[2].id).update(carrier="other")
    failing = TestCarrier(fails={"track": [error]})
    healthy = TestCarrier("other", scans={"OWN-2": [_DELIVERED]})

    polled = await poll_tracking(database, Providers(carriers={"test": failing, "other": healthy}), by)

    assert polled == Polled(asked=1, put_off=2)
    assert len(failing.calls) == 1
    assert (await Shipment.get(id=on_the_way[2].id)).status == "delivered"
    for due in (await _next_polls(on_the_way))[:2]:
        assert due is not None
        assert abs(due - now() - pause) < timedelta(seconds=20)


async def test_a_carrier_without_its_plugin_is_asked_again_later(
    database: Database, by: Initiator, on_the_way: list[Shipment]
) -> None:
    assert await poll_tracking(database, Providers(), by) == Polled(put_off=3)
    polls = await _next_polls(on_the_way)
    assert all(poll is not None and poll > now() + timedelta(hours=5) for poll in polls)


async def _submitted(database: Database, by: Initiator, location: Location, network: TestNetwork) -> FulfillmentOrder:
    await make_stock(database, "MUG", location, 2)
    order = await make_order(database, {"MUG": 2})
    work = await FulfillmentOrder.get(order_id=order.id)
    return await submit_fulfillment(database, {network.code: network}, by, work.id)


@pytest.fixture
async def network() -> TestNetwork:
    return TestNetwork()


@pytest.fixture
async def given(database: Database, by: Initiator, network: TestNetwork) -> list[FulfillmentOrder]:
    """Three times two mugs, submitted to the network."""
    await make_variant(database)
    location = await make_location(database, network=network.code)
    return [await _submitted(database, by, location, network) for _ in range(3)]


async def _shipped(work: FulfillmentOrder, units: int = 2) -> NetworkUpdate:
    line = await FulfillmentOrderLine.get(fulfillment_order_id=work.id)
    shipment = NetworkShipment(f"S-{work.id}", "test", f"NET-{work.id.hex[-4:]}", _AT, {str(line.id): units})
    return NetworkUpdate(NetworkStatus.SHIPPED, "N-1", shipments=(shipment,))


async def test_networks_report_acceptance_rejection_and_shipments(
    database: Database, by: Initiator, network: TestNetwork, given: list[FulfillmentOrder]
) -> None:
    network.answers[str(given[0].id)] = NetworkUpdate(NetworkStatus.ACCEPTED, "N-1")
    network.answers[str(given[1].id)] = NetworkUpdate(NetworkStatus.REJECTED, "N-1", "no longer sold here")
    network.answers[str(given[2].id)] = await _shipped(given[2])
    providers = Providers(networks={network.code: network})

    assert await poll_networks(database, providers, by) == Polled(asked=3)

    rows = [await FulfillmentOrder.get(id=work.id) for work in given]
    assert [(row.status, row.request_status) for row in rows] == [
        ("in_progress", "accepted"),
        ("cancelled", "rejected"),
        ("closed", "closed"),
    ]
    assert await Shipment.filter(order_id=given[2].order_id, status="handed_over").count() == 1
    assert await contradictions(database) == []
    assert await poll_networks(database, providers, by) == Polled()


async def test_one_bad_report_stops_nobody_else(
    database: Database, by: Initiator, network: TestNetwork, given: list[FulfillmentOrder]
) -> None:
    network.answers[str(given[0].id)] = await _shipped(given[0], units=99)
    del network.answers[str(given[1].id)]
    network.answers[str(given[2].id)] = await _shipped(given[2])

    polled = await poll_networks(database, Providers(networks={network.code: network}), by)

    assert polled == Polled(asked=3, failed=2)
    rows = [await FulfillmentOrder.get(id=work.id) for work in given]
    assert [row.status for row in rows] == ["in_progress", "open", "closed"]
    for row in rows[:2]:
        assert row.next_poll_at is not None
        assert row.next_poll_at > now() + timedelta(minutes=25)
    assert await contradictions(database) == []


async def test_a_network_may_send_a_part_and_give_up_the_rest(
    database: Database, by: Initiator, network: TestNetwork, given: list[FulfillmentOrder]
) -> None:
    part = await _shipped(given[0], units=1)
    network.answers[str(given[0].id)] = NetworkUpdate(NetworkStatus.CANCELLED, "N-1", "only one left", part.shipments)

    await poll_networks(database, Providers(networks={network.code: network}), by)

    row = await FulfillmentOrder.get(id=given[0].id)
    assert (row.status, row.request_status, row.reason) == ("incomplete", "closed", "only one left")
    line = await FulfillmentOrderLine.get(fulfillment_order_id=row.id)
    assert (line.shipped, line.cancelled) == (1, 1)
    assert await contradictions(database) == []


async def test_a_network_that_is_gone_is_asked_later(
    database: Database, by: Initiator, given: list[FulfillmentOrder]
) -> None:
    assert await poll_networks(database, Providers(), by) == Polled(put_off=3)
    row = await FulfillmentOrder.get(id=given[0].id)
    assert row.next_poll_at is not None
    assert row.next_poll_at > now()


async def test_a_network_that_tracks_is_asked_about_what_it_sent_and_carriers_about_the_rest(
    database: Database, by: Initiator, on_the_way: list[Shipment]
) -> None:
    network = TestCooperatingNetwork(scans={"S-1": [_DELIVERED]})
    await Location.filter(code="london").update(is_active=False)
    location = await make_location(database, "york", network=network.code)
    work = await _submitted(database, by, location, network)
    line = await FulfillmentOrderLine.get(fulfillment_order_id=work.id)
    # the network knows no carrier's number
    parcel = NetworkShipment("S-1", "", "", _AT, {str(line.id): 2})
    network.answers[str(work.id)] = NetworkUpdate(NetworkStatus.SHIPPED, shipments=(parcel,))
    providers = Providers(
        carriers={"test": TestCarrier(scans={"OWN-0": [_DELIVERED]})}, networks={network.code: network}
    )
    await FulfillmentOrder.filter(id=work.id).update(next_poll_at=now())
    await poll_networks(database, providers, by)

    assert await poll_tracking(database, providers, by) == Polled(asked=4)

    assert network.calls == [("track_shipment", f"{work.id}/S-1")]
    assert (await Shipment.get(fulfillment_order_id=work.id)).status == "delivered"
    assert (await Order.get(id=work.order_id)).status == "completed"
    assert (await Shipment.get(id=on_the_way[0].id)).status == "delivered"
    assert await contradictions(database) == []


async def test_a_networks_parcel_without_a_number_waits_where_nobody_tracks_it(
    database: Database, by: Initiator, given: list[FulfillmentOrder], network: TestNetwork
) -> None:
    line = await FulfillmentOrderLine.get(fulfillment_order_id=given[0].id)
    parcel = NetworkShipment("S-1", "test", "", _AT, {str(line.id): 2})
    network.answers[str(given[0].id)] = NetworkUpdate(NetworkStatus.SHIPPED, shipments=(parcel,))
    carrier = TestCarrier()
    providers = Providers(carriers={"test": carrier}, networks={network.code: network})
    await FulfillmentOrder.filter(id=given[0].id).update(next_poll_at=now())
    await poll_networks(database, providers, by)

    assert await poll_tracking(database, providers, by) == Polled(put_off=1)
    assert carrier.calls == []
