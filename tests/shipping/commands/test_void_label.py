from collections.abc import Awaitable, Callable

import pytest

from packhouse.sdk import ProviderInDoubt, ProviderRefused, Providers
from packhouse.sdk.states import IllegalTransition
from packhouse.shipping.commands.buy_label import BuyLabel, buy_label
from packhouse.shipping.commands.hand_over import HandOver, hand_over
from packhouse.shipping.commands.void_label import VoidLabel, void_label
from packhouse.shipping.models import Shipment
from packhouse.storage import Database, Initiator
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.partners import TestCarrier
from packhouse.testing.proofs import refused

Drafted = Callable[..., Awaitable[Shipment]]


async def _labelled(database: Database, by: Initiator, drafted: Drafted) -> tuple[Shipment, TestCarrier, Providers]:
    await make_shop(database)
    shipment = await drafted(await make_order(database, {"MUG": 2}))
    carrier = TestCarrier()
    providers = Providers(carriers={"test": carrier})
    return await buy_label(database, providers, by, BuyLabel(shipment.id)), carrier, providers


async def test_a_label_is_given_back(database: Database, by: Initiator, drafted: Drafted) -> None:
    shipment, carrier, providers = await _labelled(database, by, drafted)

    voided = await void_label(database, providers, by, VoidLabel(shipment.id, "wrong service"))

    assert voided.status == "voided"
    assert carrier.voided == ["label-1"]
    (event,) = await database.fetch("SELECT reason FROM event WHERE type = 'label_voided'")
    assert event["reason"] == "wrong service"
    with pytest.raises(IllegalTransition):
        await void_label(database, providers, by, VoidLabel(shipment.id))


async def test_voiding_in_doubt_is_repeated_with_the_same_key(
    database: Database, by: Initiator, drafted: Drafted
) -> None:
    shipment, carrier, providers = await _labelled(database, by, drafted)
    carrier.fails_after["void_label"] = [TimeoutError()]

    with pytest.raises(ProviderInDoubt):
        await void_label(database, providers, by, VoidLabel(shipment.id))
    async with refused(database, "CARRIER_CALL_OPEN"):
        await database.write(by, lambda uow: hand_over(uow, HandOver(shipment.id)))
    voided = await void_label(database, providers, by, VoidLabel(shipment.id))

    assert voided.status == "voided"
    keys = {key for operation, key in carrier.calls if operation == "void_label"}
    assert keys == {f"void/{shipment.id}"}


async def test_a_label_that_the_carrier_keeps_stays_bought(database: Database, by: Initiator, drafted: Drafted) -> None:
    shipment, carrier, providers = await _labelled(database, by, drafted)
    carrier.fails["void_label"] = [ProviderRefused("it was scanned already")]

    with pytest.raises(ProviderRefused):
        await void_label(database, providers, by, VoidLabel(shipment.id))

    assert (await Shipment.get(id=shipment.id)).status == "label_purchased"
    async with refused(database, "UNKNOWN_CARRIER"):
        await void_label(database, Providers(), by, VoidLabel(shipment.id))


async def test_what_has_left_cannot_be_voided(database: Database, by: Initiator, drafted: Drafted) -> None:
    shipment, carrier, providers = await _labelled(database, by, drafted)
    await database.write(by, lambda uow: hand_over(uow, HandOver(shipment.id)))
    with pytest.raises(IllegalTransition):
        await void_label(database, providers, by, VoidLabel(shipment.id))
    assert carrier.voided == []
