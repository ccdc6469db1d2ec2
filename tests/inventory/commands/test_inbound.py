"""Goods on their way: announced, sent between locations, received in parts, short and over, called off."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from strawberry.relay import to_base64

from packhouse.inventory.commands.announce_inbound import MAX_UNITS, AnnounceInbound, InboundPart, announce_inbound
from packhouse.inventory.commands.cancel_inbound import CancelInbound, cancel_inbound
from packhouse.inventory.commands.receive_inbound import ReceiveInbound, receive_inbound
from packhouse.inventory.commands.reschedule_inbound import RescheduleInbound, reschedule_inbound
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.models import InboundLine, InboundShipment, Location, StockLevel, StockMovement
from packhouse.sdk import InvalidValue, new_id
from packhouse.sdk.states import IllegalTransition
from packhouse.storage import Database
from packhouse.testing.factories import BY, make_location, make_order, make_shop, make_variant
from packhouse.testing.graphql import Execute
from packhouse.testing.proofs import contents, contradictions, refused
from packhouse.testing.statements import noted_statements

SOON = datetime(2027, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
async def london(database: Database) -> Location:
    """Ten mugs and ten plates in London."""
    return await make_shop(database)


async def announce(database: Database, location: Location, *parts: tuple[str, int], **values: Any) -> InboundShipment:
    given = {"supplier": "Potters", "expected_at": SOON, **values}
    data = AnnounceInbound(location.id, tuple(InboundPart(*part) for part in parts), **given)
    return await database.write(BY, lambda uow: announce_inbound(uow, data))


async def send(database: Database, origin: Location, to: Location, *parts: tuple[str, int]) -> InboundShipment:
    return await announce(database, to, *parts, supplier="", from_location_id=origin.id)


async def receive(
    database: Database, inbound: InboundShipment, *parts: tuple[str, int], nothing_more_comes: bool = False
) -> InboundShipment:
    data = ReceiveInbound(inbound.id, tuple(InboundPart(*part) for part in parts), nothing_more_comes)
    return await database.write(BY, lambda uow: receive_inbound(uow, data))


async def call_off(database: Database, inbound: InboundShipment, reason: str = "lost at sea") -> InboundShipment:
    data = CancelInbound(inbound.id, reason)
    return await database.write(BY, lambda uow: cancel_inbound(uow, data))


async def stock(location: Location, sku: str = "MUG") -> tuple[int, int]:
    """(on hand, incoming)."""
    level = await StockLevel.get(variant__sku=sku, location_id=location.id)
    return level.on_hand, level.incoming


async def test_goods_that_are_announced_are_incoming_and_received_in_parts(
    database: Database, london: Location
) -> None:
    inbound = await announce(database, london, ("MUG", 5), ("PLATE", 3), reference="PO-7")
    assert (inbound.status, inbound.supplier, inbound.reference, inbound.expected_at) == (
        "announced",
        "Potters",
        "PO-7",
        SOON,
    )
    assert await stock(london) == (10, 5)
    async with refused(database, "INSUFFICIENT_STOCK"):
        await make_order(database, {"MUG": 11})
    assert (await receive(database, inbound, ("MUG", 2))).status == "partially_received"
    assert (await receive(database, inbound, ("MUG", 1))).status == "partially_received"
    assert await stock(london) == (13, 2)
    await make_order(database, {"MUG": 11})
    done = await receive(database, inbound, ("MUG", 2), ("PLATE", 3))
    assert (done.status, done.closed_at is not None) == ("closed", True)
    assert (await stock(london), await stock(london, "PLATE")) == ((15, 0), (13, 0))
    entries = await StockMovement.filter(reference=str(inbound.id), variant__sku="MUG").order_by("id")
    assert [(each.kind, each.on_hand, each.incoming, each.reason) for each in entries] == [
        ("announce", 0, 5, "announced by Potters"),
        ("receive", 2, -2, "received"),
        ("receive", 1, -1, "received"),
        ("receive", 2, -2, "received"),
    ]
    assert await contradictions(database) == []


async def test_what_does_not_come_is_written_off(database: Database, london: Location) -> None:
    inbound = await announce(database, london, ("MUG", 5), ("PLATE", 3))
    await receive(database, inbound, ("MUG", 4), nothing_more_comes=True)
    assert (await stock(london), await stock(london, "PLATE")) == ((14, 0), (10, 0))
    entries = await StockMovement.filter(kind="withdraw").order_by("incoming")
    assert [(each.incoming, each.reason) for each in entries] == [
        (-3, "3 of 3 did not come"),
        (-1, "1 of 5 did not come"),
    ]
    nothing = await announce(database, london, ("MUG", 5))
    assert (await receive(database, nothing, nothing_more_comes=True)).status == "closed"
    assert await stock(london) == (14, 0)
    assert await contradictions(database) == []


async def test_more_than_announced_is_there_all_the_same(database: Database, london: Location) -> None:
    inbound = await announce(database, london, ("MUG", 5), ("PLATE", 1))
    await receive(database, inbound, ("MUG", 7))
    assert await stock(london) == (17, 0)
    await receive(database, inbound, ("MUG", 1), ("PLATE", 1))
    assert await stock(london) == (18, 0)
    line = await InboundLine.get(sku="MUG")
    assert (line.expected, line.received) == (5, 8)
    reasons = await StockMovement.filter(kind="receive", variant__sku="MUG").order_by("id")
    assert [each.reason for each in reasons] == ["received, 2 more than announced", "received, 1 more than announced"]
    assert await contradictions(database) == []


async def test_goods_in_transit_are_nowhere_on_a_shelf(database: Database, london: Location) -> None:
    york = await make_location(database, "york")
    transfer = await send(database, london, york, ("MUG", 4))
    assert (transfer.from_location_id, transfer.supplier) == (london.id, "")
    assert (await stock(london), await stock(york)) == ((6, 0), (0, 4))
    await receive(database, transfer, ("MUG", 3))
    assert (await stock(london), await stock(york)) == ((6, 0), (3, 1))
    await receive(database, transfer, nothing_more_comes=True)
    assert (await stock(london), await stock(york)) == ((6, 0), (3, 0))
    assert await contradictions(database) == []


async def test_a_transfer_takes_nothing_that_is_promised(database: Database, london: Location) -> None:
    york = await make_location(database, "york")
    await make_order(database, {"MUG": 7})
    async with refused(database, "INSUFFICIENT_STOCK"):
        await send(database, london, york, ("PLATE", 1), ("MUG", 4))
    async with refused(database, "INSUFFICIENT_STOCK"):
        await send(database, york, london, ("MUG", 1))
    await send(database, london, york, ("MUG", 3))
    assert await contradictions(database) == []


async def test_a_transfer_that_turns_round_is_back_where_it_was(database: Database, london: Location) -> None:
    york = await make_location(database, "york")
    transfer = await send(database, london, york, ("MUG", 4))
    cancelled = await call_off(database, transfer, "the road is closed")
    assert cancelled.status == "cancelled"
    assert (await stock(london), await stock(york)) == ((10, 0), (0, 0))
    back = await StockMovement.get(kind="receive")
    assert (back.location_id, back.on_hand, back.reason) == (london.id, 4, "the road is closed")
    assert await contradictions(database) == []


async def test_announced_goods_are_called_off_while_nothing_has_come(database: Database, london: Location) -> None:
    inbound = await announce(database, london, ("MUG", 5))
    await call_off(database, inbound)
    assert await stock(london) == (10, 0)
    begun = await announce(database, london, ("MUG", 5))
    await receive(database, begun, ("MUG", 1))
    before = await contents(database)
    for ended, change in ((inbound, receive_one), (begun, call_off), (inbound, call_off)):
        with pytest.raises(IllegalTransition):
            await change(database, ended)
    assert await contents(database) == before
    async with refused(database, "INBOUND_ENDED", "inboundShipmentId"):
        await database.write(BY, lambda uow: reschedule_inbound(uow, RescheduleInbound(inbound.id, SOON)))
    later = RescheduleInbound(begun.id, None)
    assert (await database.write(BY, lambda uow: reschedule_inbound(uow, later))).expected_at is None


async def receive_one(database: Database, inbound: InboundShipment) -> InboundShipment:
    return await receive(database, inbound, ("MUG", 1))


REFUSALS: list[tuple[tuple[tuple[str, int], ...], Callable[[Location], dict[str, Any]], str, str]] = [
    ((("NOPE", 1),), lambda _: {}, "UNKNOWN_SKU", "lines.0.sku"),
    ((("MUG", 1), ("SET", 1)), lambda _: {}, "IS_BUNDLE", "lines.1.sku"),
    ((("MUG", 1),), lambda _: {"from_location_id": new_id()}, "NOT_FOUND", "fromLocationId"),
]
IMPOSSIBLE: list[tuple[tuple[tuple[str, int], ...], Callable[[Location], dict[str, Any]], str]] = [
    ((), lambda _: {}, "lines"),
    ((("MUG", 1), ("MUG", 1)), lambda _: {}, "lines.1.sku"),
    ((("MUG", 0),), lambda _: {}, "lines.0.quantity"),
    ((("MUG", MAX_UNITS + 1),), lambda _: {}, "lines.0.quantity"),
    ((("MUG", 1),), lambda _: {"supplier": " "}, "supplier"),
    ((("MUG", 1),), lambda _: {"supplier": "x" * 256}, "supplier"),
    ((("MUG", 1),), lambda _: {"reference": "x" * 65}, "reference"),
    ((("MUG", 1),), lambda _: {"expected_at": datetime(2027, 1, 1)}, "expectedAt"),  # noqa: DTZ001  (without a zone)
    ((("MUG", 1),), lambda london: {"from_location_id": london.id}, "toLocationId"),
]


@pytest.mark.parametrize(("parts", "values", "code", "field"), REFUSALS)
async def test_what_is_refused_announces_nothing(
    database: Database, london: Location, parts: Any, values: Any, code: str, field: str
) -> None:
    await make_variant(database, "SET")
    data = SetBundle("SET", (BundlePart("MUG", 1),))
    await database.write(BY, lambda uow: set_bundle(uow, data))
    async with refused(database, code, field):
        await announce(database, london, *parts, **values(london))


@pytest.mark.parametrize(("parts", "values", "field"), IMPOSSIBLE)
async def test_what_cannot_be_announces_nothing(
    database: Database, london: Location, parts: Any, values: Any, field: str
) -> None:
    before = await contents(database)
    with pytest.raises(InvalidValue) as invalid:
        await announce(database, london, *parts, **values(london))
    assert invalid.value.field == field
    assert await contents(database) == before


async def test_what_was_not_announced_is_not_received(database: Database, london: Location) -> None:
    inbound = await announce(database, london, ("MUG", 5))
    async with refused(database, "NOT_EXPECTED", "lines.1.sku"):
        await receive(database, inbound, ("MUG", 1), ("PLATE", 1))
    before = await contents(database)
    for parts, field in (((), "lines"), ((("MUG", 0),), "lines.0.quantity"), ((("MUG", 1),) * 2, "lines.1.sku")):
        with pytest.raises(InvalidValue) as invalid:
            await receive(database, inbound, *parts)
        assert invalid.value.field == field
    with pytest.raises(InvalidValue, match="reason"):
        await call_off(database, inbound, " ")
    assert await contents(database) == before
    inbound.id = new_id()
    async with refused(database, "NOT_FOUND", "inboundShipmentId"):
        await receive(database, inbound, ("MUG", 1))


FIELDS = """
  id status supplier reference expectedAt location { code } fromLocation { code } lines { sku expected received variant { sku } }
"""
SHIPMENT = f"inboundShipment {{ {FIELDS} }} userErrors {{ code field }}"


async def run(execute: Execute, mutation: str, **values: Any) -> Any:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {SHIPMENT} }} }}"
    return (await execute(document, {"input": values}))[mutation]


async def test_goods_come_by_graphql(database: Database, london: Location, execute: Execute) -> None:
    york = await make_location(database, "york")
    ids = [to_base64("Location", place.id) for place in (london, york)]
    mugs = [{"sku": "MUG", "quantity": 4}]
    announced = await run(
        execute, "announceInbound", locationId=ids[0], supplier="Potters", lines=mugs, expectedAt=SOON.isoformat()
    )
    shipment = announced["inboundShipment"]
    assert announced["userErrors"] == []
    assert (shipment["status"], shipment["supplier"], shipment["location"]) == (
        "ANNOUNCED",
        "Potters",
        {"code": "london"},
    )
    transfer = (await run(execute, "sendTransfer", fromLocationId=ids[0], toLocationId=ids[1], lines=mugs))[
        "inboundShipment"
    ]
    assert (transfer["fromLocation"], transfer["supplier"]) == ({"code": "london"}, None)
    received = await run(
        execute, "receiveInbound", inboundShipmentId=shipment["id"], lines=[{"sku": "MUG", "quantity": 1}]
    )
    assert received["inboundShipment"]["lines"] == [
        {"sku": "MUG", "expected": 4, "received": 1, "variant": {"sku": "MUG"}}
    ]
    later = await run(
        execute, "rescheduleInbound", inboundShipmentId=transfer["id"], expectedAt="2026-12-24T00:00:00+00:00"
    )
    assert later["inboundShipment"]["expectedAt"].startswith("2026-12-24")
    arrivals = """{ variant(sku: "MUG") { arrivals { units expectedAt inboundShipment { location { code } } } } }"""
    found = (await execute(arrivals))["variant"]["arrivals"]
    assert [(each["units"], each["inboundShipment"]["location"]["code"]) for each in found] == [
        (4, "york"),
        (3, "london"),
    ]
    back = await run(execute, "cancelInbound", inboundShipmentId=transfer["id"], reason="the road is closed")
    assert back["inboundShipment"]["status"] == "CANCELLED"
    again = await run(execute, "cancelInbound", inboundShipmentId=transfer["id"], reason="twice")
    assert (again["inboundShipment"], [error["code"] for error in again["userErrors"]]) == (None, ["ILLEGAL_STATE"])
    wrong = await run(execute, "sendTransfer", fromLocationId=ids[0], toLocationId=ids[0], lines=mugs)
    assert wrong["userErrors"] == [{"code": "INVALID_VALUE", "field": ["toLocationId"]}]
    assert await contradictions(database) == []


async def test_lists_of_arrivals_cost_the_same_for_more(database: Database, london: Location, execute: Execute) -> None:
    document = f"""{{ inboundShipments(status: ANNOUNCED) {{ edges {{ node {{ {FIELDS} }} }} }}
      variants {{ edges {{ node {{ sku arrivals {{ units inboundShipment {{ id }} }} }} }} }} }}"""
    counts = []
    for _ in range(2):
        for _ in range(3):
            await announce(database, london, ("MUG", 1), ("PLATE", 1))
        with noted_statements() as sent:
            found = await execute(document)
        counts.append(len(sent))
    assert len(found["inboundShipments"]["edges"]) == 6
    assert counts[0] == counts[1]
