"""Two clients who want what cannot both be had, at the same moment: each is answered, and the database tells one story."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import aiohttp
from graphql import build_schema
from strawberry.relay import from_base64
from tests.faults.hostile.client import Heard
from tests.faults.hostile.lives import ADDRESS, money, placed

from packhouse.fulfillment.commands.withdraw_lots import withdraw_lots
from packhouse.inventory.commands.end_reservations import take_back_expired
from packhouse.inventory.models import Reservation
from packhouse.schema import create_schema
from packhouse.sdk import now
from packhouse.testing.factories import BY
from packhouse.testing.proofs import contradictions
from packhouse.testing.server import RunningServer

Ask = tuple[str, str, dict[str, Any]]
_ORDER = {"channel": "web", "currency": "GBP", "shippingAddress": ADDRESS}


@dataclass
class Racer:
    """A client who asks for several things at once."""

    server: RunningServer
    http: aiohttp.ClientSession
    chance: Random
    types: Mapping[str, str]
    found: list[str] = field(default_factory=list)
    run: int = 0

    async def ask(self, mutation: str, selection: str, values: Mapping[str, Any]) -> tuple[str, Any]:
        """The code of the refusal, empty where it was done, and what it gave; anything else is a fault."""
        name, declared = self.types[mutation].split(" ", 1)
        document = f"mutation (${name}: {declared}) {{ {mutation}({name}: ${name}) {{ {selection} userErrors {{ code message }} }} }}"
        variables = {name: values if name == "input" else values[name]}
        body = {"query": document, "variables": variables}
        async with self.http.post(self.server.graphql, json=body, headers=self.server.headers) as response:
            answer = await response.json()
        if response.status != 200 or "errors" in answer:
            self.found.append(f"{mutation} {values}: {response.status} {answer}")
            return "FAULT", {}
        payload = answer["data"][mutation]
        if payload["userErrors"]:
            return payload["userErrors"][0]["code"], {}
        return "", next((each for field_, each in payload.items() if field_ != "userErrors" and each), {})

    async def walk(self, mutation: str, selection: str, **values: Any) -> Any:
        """One step that works."""
        code, given = await self.ask(mutation, selection, values)
        assert not code, (mutation, code, self.found)
        return given

    async def location(self, code: str = "leeds") -> str:
        """The id of a location."""
        body = {"query": f'{{ location(code: "{code}") {{ id }} }}'}
        async with self.http.post(self.server.graphql, json=body, headers=self.server.headers) as response:
            return str((await response.json())["data"]["location"]["id"])

    async def race(self, *asks: Ask, beside: Sequence[Callable[[], Awaitable[object]]] = ()) -> list[str]:
        """Ask for all of it at once, in any order and a little apart, while the server works by itself `beside` it.

        Gives the codes in the order of the asks.
        """
        started = list(enumerate(asks))
        self.chance.shuffle(started)
        codes = [""] * len(asks)

        async def one(place: int, ask: Ask, turns: int) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            codes[place], _ = await self.ask(*ask)

        await asyncio.gather(
            *(one(place, ask, self.chance.randint(0, 40)) for place, ask in started), *(work() for work in beside)
        )
        return codes


Contest = Callable[["Racer"], Awaitable[None]]


def expect(racer: Racer, codes: Sequence[str], least: int, most: int, what: str) -> None:
    """So many of them were done."""
    done = sum(not code for code in codes)
    if not least <= done <= most:
        racer.found.append(f"{what}: {done} of {len(codes)} were done, {least} to {most} can be: {codes}")


async def _shipment(racer: Racer, **lines: int) -> tuple[Any, str]:
    order = await placed(racer.walk, **lines)
    work = order["fulfillmentOrders"][0]
    picking = await racer.walk(
        "startPicking", "pickList { picks { id sku quantity } }", fulfillmentOrderIds=[work["id"]]
    )
    for pick in picking["picks"]:
        await racer.walk(
            "confirmPick", "pickList { id }", pickId=pick["id"], code=pick["sku"], quantity=pick["quantity"]
        )
    parcel = await racer.walk("packParcel", "parcel { id }", fulfillmentOrderId=work["id"])
    shipment = await racer.walk("createShipment", "shipment { id }", parcelId=parcel["id"], carrier="test")
    return order, shipment["id"]


def _hand_over(shipment: str) -> Ask:
    return "handOverShipment", "shipment { id }", {"shipmentId": shipment, "carrier": "test", "trackingNumber": "T-1"}


def _cancel(order: Any) -> Ask:
    return "cancelOrder", "order { id }", {"orderId": order["id"], "reason": "changed their mind"}


def _hold(order: Any) -> Ask:
    return "holdOrder", "order { id }", {"orderId": order["id"], "reason": "FRAUD"}


async def cancel_or_send(racer: Racer) -> None:
    """A parcel leaves while its order is cancelled, and held."""
    order, shipment = await _shipment(racer, MUG=1)
    codes = await racer.race(_cancel(order), _hand_over(shipment), _hand_over(shipment), _hold(order), _cancel(order))
    expect(racer, [codes[0], codes[4], *codes[1:3]], 0, 1, "cancelled or sent")


async def cancel_or_pick(racer: Racer) -> None:
    """The warehouse starts while the order is cancelled, its work refused, its priority changed."""
    order = await placed(racer.walk, MUG=1, PLATE=1)
    work = order["fulfillmentOrders"][0]["id"]
    start: Ask = ("startPicking", "pickList { id }", {"fulfillmentOrderIds": [work]})
    reject: Ask = ("rejectFulfillment", "fulfillmentOrder { id }", {"fulfillmentOrderId": work, "reason": "OTHER"})
    first: Ask = ("setOrderPriority", "order { id }", {"orderId": order["id"], "priority": 7})
    codes = await racer.race(start, start, _cancel(order), reject, first)
    expect(racer, codes[:2], 0, 1, "picking was started")


async def pick_twice(racer: Racer) -> None:
    """Two pickers scan the last unit, and a third packs."""
    order = await placed(racer.walk, PLATE=1)
    work = order["fulfillmentOrders"][0]["id"]
    (pick,) = (await racer.walk("startPicking", "pickList { picks { id } }", fulfillmentOrderIds=[work]))["picks"]
    scan: Ask = ("confirmPick", "pickList { id }", {"pickId": pick["id"], "code": "PLATE", "quantity": 1})
    pack: Ask = ("packParcel", "parcel { id }", {"fulfillmentOrderId": work})
    codes = await racer.race(scan, scan, pack, pack, _cancel(order))
    expect(racer, codes[:2], 0, 1, "one unit was picked")
    expect(racer, codes[2:4], 0, 1, "one parcel was packed")


async def refund_twice(racer: Racer) -> None:
    """Three refunds of more than half, with the bank and by hand, and a chargeback."""
    order = await placed(racer.walk, MUG=1)
    asked = {"orderId": order["id"], "amount": money("9.00"), "reason": "late"}
    refund: Ask = ("refundOrder", "refund { id }", asked)
    by_hand: Ask = ("refundOrder", "refund { id }", {**asked, "byHand": True, "reference": "till"})
    codes = await racer.race(refund, refund, by_hand)
    expect(racer, codes, 1, 1, "9.00 of 13.99 was given back")


async def pay_twice(racer: Racer) -> None:
    """One charge told of by three."""
    order = await placed(racer.walk, MUG=1)
    charge = {
        "orderId": order["id"],
        "kind": "CHARGE",
        "amount": money("1.00"),
        "externalId": "same",
        "provider": "bank",
    }
    codes = await racer.race(*(("recordPayment", "payment { id }", charge) for _ in range(3)), _cancel(order))
    expect(racer, codes[:3], 1, 3, "the charge was told")


async def settle_return(racer: Racer) -> None:
    """A return is received, cancelled, refunded and closed by several desks."""
    order, shipment = await _shipment(racer, MUG=2)
    await racer.walk(*_hand_over(shipment)[:2], **_hand_over(shipment)[2])
    line = order["lines"][0]["id"]
    ask: Ask = (
        "requestReturn",
        "return { id lines { id } }",
        {
            "orderId": order["id"],
            "lines": [{"orderLineId": line, "quantity": 2, "reason": "UNWANTED"}],
            "overrideReason": "-",
        },
    )
    expect(racer, await racer.race(ask, ask), 1, 1, "two units came back once")
    read = f'{{ node(id: "{order["id"]}") {{ ... on Order {{ returns {{ id lines {{ id }} }} }} }} }}'
    async with racer.http.post(racer.server.graphql, json={"query": read}, headers=racer.server.headers) as response:
        (back,) = (await response.json())["data"]["node"]["returns"]
    named = {"returnId": back["id"]}
    approve: Ask = ("approveReturn", "return { id }", named)
    decline: Ask = ("declineReturn", "return { id }", {**named, "reason": "worn"})
    cancel: Ask = ("cancelReturn", "return { id }", named)
    codes = await racer.race(approve, decline, cancel, approve)
    expect(racer, codes, 1, 2, "the return was decided on")
    units = {"lineId": back["lines"][0]["id"], "quantity": 2}
    receive: Ask = ("receiveReturn", "return { id }", {**named, "lines": [units]})
    codes = await racer.race(receive, receive, cancel)
    expect(racer, codes, 0, 1, "the goods were received, or the return cancelled")
    place = order["fulfillmentOrders"][0]["location"]["id"]
    inspect: Ask = (
        "inspectReturn",
        "return { id }",
        {**named, "units": [{**units, "locationId": place, "disposition": "RESTOCK"}]},
    )
    refund: Ask = ("refundReturn", "refund { id }", {**named, "byHand": True, "reference": "till"})
    deny: Ask = ("denyReturnRefund", "return { id }", {**named, "lineIds": [back["lines"][0]["id"]], "reason": "worn"})
    close: Ask = ("closeReturn", "return { id }", named)
    codes = await racer.race(inspect, inspect, refund, refund, deny, close)
    expect(racer, codes[:2], 0, 1, "two units were inspected")
    expect(racer, codes[2:5], 0, 1, "the money was decided on")


async def buy_or_release(racer: Racer) -> None:
    """A basket is bought twice, given up and kept longer."""
    basket = await racer.walk("reserveStock", "reservation { id }", lines=[{"sku": "MUG", "quantity": 1}])
    order = {**_ORDER, "lines": [{"sku": "MUG", "quantity": 1}], "reservationId": basket["id"]}
    named = {"reservationId": basket["id"]}
    buy: Ask = ("placeOrder", "order { id }", order)
    release: Ask = ("releaseReservation", "reservation { id }", named)
    longer: Ask = ("extendReservation", "reservation { id }", {**named, "seconds": 900})
    codes = await racer.race(buy, buy, release, release, longer)
    expect(racer, codes[:3], 1, 1, "the basket was bought or released")


async def buy_or_expire(racer: Racer) -> None:
    """A basket is bought at the moment when its time is over, and the sweeper comes."""
    basket = await racer.walk("reserveStock", "reservation { id }", lines=[{"sku": "PLATE", "quantity": 1}])
    key = UUID(from_base64(basket["id"])[1])
    await Reservation.filter(id=key).update(expires_at=now() - timedelta(seconds=1))
    order = {**_ORDER, "lines": [{"sku": "PLATE", "quantity": 1}], "reservationId": basket["id"]}
    longer: Ask = ("extendReservation", "reservation { id }", {"reservationId": basket["id"]})
    database = racer.server.house.database
    codes = await racer.race(
        ("placeOrder", "order { id }", order),
        ("placeOrder", "order { id }", order),
        longer,
        beside=[lambda: take_back_expired(database, BY), lambda: take_back_expired(database, BY)],
    )
    expect(racer, codes[:2], 0, 1, "the basket was bought")
    assert await Reservation.filter(id=key, status="active").count() <= (not codes[2])


async def receive_twice(racer: Racer) -> None:
    """A delivery is received by two, cancelled and put off."""
    place = await racer.location()
    coming = await racer.walk(
        "announceInbound",
        "inboundShipment { id }",
        locationId=place,
        supplier="P",
        lines=[{"sku": "MUG", "quantity": 3}],
    )
    named = {"inboundShipmentId": coming["id"]}
    receive: Ask = ("receiveInbound", "inboundShipment { id }", {**named, "lines": [{"sku": "MUG", "quantity": 3}]})
    cancel: Ask = ("cancelInbound", "inboundShipment { id }", {**named, "reason": "lost"})
    later: Ask = ("rescheduleInbound", "inboundShipment { id }", {**named, "expectedAt": "2040-01-01T00:00:00Z"})
    codes = await racer.race(receive, receive, cancel, later)
    expect(racer, codes[:3], 1, 1, "the delivery was received or cancelled")


async def count_twice(racer: Racer) -> None:
    """A count is decided on by several, while its stock moves."""
    place = await racer.location()
    count = (
        await racer.walk(
            "createStockCount", "stockCount { id }", locationId=place, reason="yearly", skus=["MUG", "PLATE"]
        )
    )["id"]
    start: Ask = ("startStockCount", "stockCount { id }", {"id": count})
    cancel: Ask = ("cancelStockCount", "stockCount { id }", {"stockCountId": count, "reason": "no time"})
    adjust: Ask = (
        "adjustStock",
        "stockLevel { id }",
        {"sku": "MUG", "locationId": place, "quantity": 1, "reason": "found"},
    )
    expect(racer, (await racer.race(start, start, adjust))[:2], 1, 1, "the count was started")
    seen = [{"sku": sku, "units": 3_000} for sku in ("MUG", "PLATE")]
    record: Ask = ("recordStockCount", "stockCount { id }", {"stockCountId": count, "counter": "Ann", "counted": seen})
    submit: Ask = ("submitStockCount", "stockCount { id }", {"stockCountId": count})
    await racer.walk(*record[:2], **record[2])
    expect(racer, (await racer.race(submit, submit, record, adjust))[:2], 1, 1, "the count was handed in")
    decided = {"stockCountId": count, "approver": "Bob"}
    approve: Ask = ("approveStockCount", "stockCount { id }", decided)
    reject: Ask = ("rejectStockCount", "stockCount { id }", {**decided, "note": "again"})
    codes = await racer.race(approve, reject, approve, cancel)
    expect(racer, codes, 1, 2, "the count was decided on")
    post: Ask = ("postStockCount", "stockCount { id }", {"id": count})
    expect(racer, (await racer.race(post, post, adjust, cancel))[:2], 0, 1, "the count was posted")


async def move_the_last(racer: Racer) -> None:
    """Units are sold, set apart, moved to another bin and to another place, all at once."""
    place, other = await racer.location(), await racer.location("london")
    sku = {"sku": "PLATE", "locationId": place, "quantity": 1, "reason": "tidy"}
    asks: list[Ask] = [
        ("moveStock", "stockLevel { id }", {**sku, "fromBin": "A-1", "toBin": "A-9"}),
        ("reclassifyStock", "stockLevel { id }", {**sku, "from": "SELLABLE", "to": "DAMAGED", "bin": "A-1"}),
        ("adjustStock", "stockLevel { id }", {**sku, "quantity": -1, "bin": "A-1"}),
        (
            "sendTransfer",
            "inboundShipment { id }",
            {"fromLocationId": place, "toLocationId": other, "lines": [{"sku": "PLATE", "quantity": 1}]},
        ),
        (
            "sendTransfer",
            "inboundShipment { id }",
            {
                "fromLocationId": other,
                "toLocationId": place,
                "lines": [{"sku": "PLATE", "quantity": 1}, {"sku": "MUG", "quantity": 1}],
            },
        ),
        (
            "reserveStock",
            "reservation { id }",
            {"lines": [{"sku": "MUG", "quantity": 1}, {"sku": "PLATE", "quantity": 1}]},
        ),
        (
            "reserveStock",
            "reservation { id }",
            {"lines": [{"sku": "PLATE", "quantity": 1}, {"sku": "MUG", "quantity": 1}]},
        ),
    ]
    await racer.race(*asks)


async def treat_lots(racer: Racer) -> None:
    """A lot is recalled while its units are sold and counted."""
    place = await racer.location()
    lot = f"R-{racer.run}"
    await racer.walk(
        "adjustStock",
        "stockLevel { id }",
        sku="JAM",
        locationId=place,
        quantity=2,
        reason="made",
        bin="B-1",
        lot=lot,
        expiresOn="2040-01-01",
    )
    named = {"sku": "JAM", "code": lot, "reason": "mould"}
    sold = {**_ORDER, "lines": [{"sku": "JAM", "quantity": 1}]}
    codes = await racer.race(
        ("recallLot", "lot { code }", named),
        ("quarantineLot", "lot { code }", named),
        ("releaseLot", "lot { code }", named),
        ("placeOrder", "order { id }", sold),
        (
            "adjustStock",
            "stockLevel { id }",
            {"sku": "JAM", "locationId": place, "quantity": -1, "reason": "fell", "bin": "B-1", "lot": lot},
        ),
        ("trackLots", "variant { id }", {"sku": "JAM", "minimumDays": 1}),
        beside=[lambda: withdraw_lots(racer.server.house.database, BY)],
    )
    expect(racer, codes[:2], 1, 2, "the lot was taken out")


async def pause_and_resume(racer: Racer) -> None:
    """A plugin is paused and resumed by several."""
    named = {"plugin": "packhouse-feedback"}
    pause: Ask = ("pausePlugin", "deliveries { plugin }", {**named, "reason": "moving"})
    resume: Ask = ("resumePlugin", "deliveries { plugin }", named)
    await racer.race(pause, pause, resume, resume)
    await racer.ask(*resume)


async def set_up_twice(racer: Racer) -> None:
    """Two set up the same shop."""
    run = f"{racer.run}"
    sku = f"NEW-{run}"
    for asks in (
        [("createVariant", "variant { id }", {"sku": sku, "title": "New"})] * 3,
        [("createLocation", "location { id }", {"code": f"new-{run}", "name": "New"})] * 3,
        [("createChannel", "channel { id }", {"code": f"new-{run}", "name": "New"})] * 3,
        [("setBundle", "variant { id }", {"sku": sku, "components": [{"sku": "MUG", "quantity": 1}]})] * 3,
    ):
        codes = await racer.race(*asks)
        expect(racer, codes, 1, 3 if asks[0][0] == "setBundle" else 1, f"{asks[0][0]} was done")
    place = await racer.location(f"new-{run}")
    price = {"sku": sku, "price": money("1.00"), "channel": "web"}
    for asks in (
        [("setPrice", "variant { id }", price)] * 3,
        [("addListing", "listing { id }", {"channel": "shop", "channelSku": sku, "sku": "MUG"})] * 3,
        [("setBin", "bin { code }", {"locationId": place, "code": "N-1"})] * 3,
        [("setCountryCalendar", "countryCalendar { country }", {"country": "FR", "timeZone": "Europe/Paris"})] * 3,
        [
            (
                "setTransitTimes",
                "count",
                {"origin": {"location": "leeds"}, "times": [{"country": "FR", "minDays": 1, "maxDays": 2}]},
            )
        ]
        * 3,
        [
            (
                "setRoutingRules",
                "routingRules { version }",
                {"rules": {"rules": [{"kind": "OWN_FIRST"}]}, "channel": f"new-{run}"},
            )
        ]
        * 3,
        [("setServingLocations", "channel { id }", {"channel": "shop", "locations": ["leeds", "london"]})] * 3,
    ):
        codes = await racer.race(*asks)
        expect(racer, codes, 1, 3, f"{asks[0][0]} was done")


CONTESTS: Mapping[str, Contest] = {
    contest.__name__: contest
    for contest in (
        cancel_or_send, cancel_or_pick, pick_twice, refund_twice, pay_twice, settle_return, buy_or_release, buy_or_expire, receive_twice, count_twice,
        move_the_last, treat_lots, pause_and_resume, set_up_twice,
    )
}  # fmt: skip


async def races(server: RunningServer, seed: int, rounds: int) -> list[str]:
    """Each contest so many times, three at once; gives what was found: errors of ours, and what tells two stories."""
    chance = Random(seed)
    mutations = build_schema(create_schema().as_str()).mutation_type
    assert mutations is not None
    types = {
        name: " ".join((next(iter(each.args)), str(next(iter(each.args.values())).type)))
        for name, each in mutations.fields.items()
    }
    heard = Heard()
    logging.getLogger().addHandler(heard)
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            racer = Racer(server, http, chance, types)
            work = [*CONTESTS.values()] * rounds
            chance.shuffle(work)
            for begin in range(0, len(work), 3):
                await asyncio.gather(
                    *(
                        _held(replace(racer, run=begin + number), each)
                        for number, each in enumerate(work[begin : begin + 3])
                    )
                )
        await server.house.relay.drain()
    finally:
        logging.getLogger().removeHandler(heard)
    return [*racer.found, *heard.take(), *await contradictions(server.house.database)]


async def _held(racer: Racer, contest: Contest) -> None:
    """A contest; one that cannot go on is a fault, too."""
    try:
        await contest(racer)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is reported with its seed)
        racer.found.append(f"{contest.__name__}: {error!r}")
