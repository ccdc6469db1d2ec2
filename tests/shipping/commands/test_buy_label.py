import asyncio
from collections.abc import Awaitable, Callable

import pytest

from packhouse.ordering.commands.hold import HoldOrder, hold
from packhouse.orders.states import HoldReason
from packhouse.sdk import ProviderInDoubt, ProviderRefused, Providers, new_id
from packhouse.sdk.states import IllegalTransition
from packhouse.shipping.commands.buy_label import BuyLabel, buy_label
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.shipping.commands.void_label import VoidLabel, void_label
from packhouse.shipping.models import Label, Shipment
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.partners import TestCarrier
from packhouse.testing.proofs import refused

Drafted = Callable[..., Awaitable[Shipment]]


@pytest.fixture
async def shipment(database: Database, drafted: Drafted) -> Shipment:
    """A draft of two mugs."""
    await make_shop(database)
    return await drafted(await make_order(database, {"MUG": 2}))


@pytest.fixture
def carrier() -> TestCarrier:
    return TestCarrier()


@pytest.fixture
def providers(carrier: TestCarrier) -> Providers:
    return Providers(carriers={"test": carrier})


async def test_the_label_is_kept_with_number_and_price(
    database: Database, by: Initiator, shipment: Shipment, carrier: TestCarrier, providers: Providers
) -> None:
    bought = await buy_label(database, providers, by, BuyLabel(shipment.id, service="express"))

    assert (bought.status, bought.service, bought.tracking_number) == ("label_purchased", "express", "T000000001")
    assert (bought.price, bought.price_currency, bought.external_id) == (420, "GBP", "label-1")
    label = await Label.get(shipment_id=shipment.id)
    assert (label.media_type, bytes(label.content)) == ("application/pdf", b"%PDF-1.4")
    assert len(await database.fetch("SELECT id FROM event WHERE type = 'label_purchased'")) == 1
    assert carrier.calls == [("buy_label", f"label/{shipment.id}/test/express")]
    with pytest.raises(IllegalTransition):
        await buy_label(database, providers, by, BuyLabel(shipment.id))
    assert len(carrier.bought) == 1


async def test_a_label_in_doubt_is_asked_for_and_never_bought_twice(
    database: Database, by: Initiator, shipment: Shipment, carrier: TestCarrier, providers: Providers
) -> None:
    carrier.fails_after["buy_label"] = [ConnectionResetError("the line went dead")]

    with pytest.raises(ProviderInDoubt):
        await buy_label(database, providers, by, BuyLabel(shipment.id))
    assert (await Shipment.get(id=shipment.id)).status == "draft"
    async with refused(database, "CARRIER_CALL_OPEN"):
        await buy_label(database, providers, by, BuyLabel(shipment.id, service="express"))
    async with refused(database, "CARRIER_CALL_OPEN"):
        await database.write(by, lambda uow: hand_over(uow, HandOver(shipment.id, "test", "OWN-1")))
    async with refused(database, "CARRIER_CALL_OPEN"):
        await void_label(database, providers, by, VoidLabel(shipment.id))

    bought = await buy_label(database, providers, by, BuyLabel(shipment.id))

    assert (bought.status, bought.tracking_number) == ("label_purchased", "T000000001")
    assert [operation for operation, _ in carrier.calls] == ["buy_label", "find_label"]


async def test_a_label_that_was_never_bought_is_bought_after_asking(
    database: Database, by: Initiator, shipment: Shipment, carrier: TestCarrier, providers: Providers
) -> None:
    carrier.fails["buy_label"] = [ProviderInDoubt("no answer")]

    with pytest.raises(ProviderInDoubt):
        await buy_label(database, providers, by, BuyLabel(shipment.id))
    await buy_label(database, providers, by, BuyLabel(shipment.id))

    assert [operation for operation, _ in carrier.calls] == ["buy_label", "find_label", "buy_label"]
    assert len(carrier.bought) == 1


async def test_after_a_refusal_another_service_can_be_bought(
    database: Database, by: Initiator, shipment: Shipment, carrier: TestCarrier, providers: Providers
) -> None:
    carrier.fails["buy_label"] = [ProviderRefused("no such postcode")]

    with pytest.raises(ProviderRefused):
        await buy_label(database, providers, by, BuyLabel(shipment.id))
    bought = await buy_label(database, providers, by, BuyLabel(shipment.id, service="express"))

    assert (bought.status, bought.service) == ("label_purchased", "express")


async def test_two_at_once_buy_one_label(
    database: Database, by: Initiator, shipment: Shipment, carrier: TestCarrier, providers: Providers
) -> None:
    data = BuyLabel(shipment.id)
    results = await asyncio.gather(
        *(buy_label(database, providers, by, data) for _ in range(4)), return_exceptions=True
    )

    assert sum(isinstance(result, Shipment) for result in results) == 1
    assert len(carrier.bought) == 1
    assert await Label.filter(shipment_id=shipment.id).count() == 1


async def test_what_cannot_be_bought_is_refused(
    database: Database, by: Initiator, shipment: Shipment, carrier: TestCarrier, providers: Providers
) -> None:
    async with refused(database, "UNKNOWN_CARRIER", "carrier"):
        await buy_label(database, providers, by, BuyLabel(shipment.id, carrier="nobody"))
    async with refused(database, "NOT_FOUND", "shipmentId"):
        await buy_label(database, providers, by, BuyLabel(new_id()))
    await Shipment.filter(id=shipment.id).update(service="")
    async with refused(database, "NO_SERVICE", "service"):
        await buy_label(database, providers, by, BuyLabel(shipment.id))
    await database.write(by, lambda uow: hold(uow, HoldOrder(shipment.order_id, HoldReason.FRAUD)))
    async with refused(database, "ON_HOLD"):
        await buy_label(database, providers, by, BuyLabel(shipment.id))
    assert carrier.calls == []
