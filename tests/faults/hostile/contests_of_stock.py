"""What two cannot both do with the same units, or with one shop: reserve, receive, count, move, recall, set up."""

from datetime import timedelta
from uuid import UUID

from strawberry.relay import from_base64
from tests.faults.hostile.lives import ADDRESS, money
from tests.faults.hostile.racer import Ask, Racer, expect

from packhouse.fulfillment.commands.withdraw_lots import withdraw_lots
from packhouse.inventory.commands.end_reservations import take_back_expired
from packhouse.inventory.models import Reservation
from packhouse.sdk import now
from packhouse.testing.factories import BY

_ORDER = {"channel": "web", "currency": "GBP", "shippingAddress": ADDRESS}


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
