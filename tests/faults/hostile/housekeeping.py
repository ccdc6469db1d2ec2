"""What the people of a shop do, step by step: stock, lots, counts, settings."""

from collections.abc import Sequence
from typing import Any

from tests.faults.hostile.lives import ADDRESS, LATER, money
from tests.faults.hostile.walking import Walks


def _named(places: Sequence[Any], code: str) -> str:
    return str(next(each["id"] for each in places if each["code"] == code))


async def stocked(walk: Walks, places: Sequence[Any]) -> None:
    """Stock that is counted, moved, announced, received and set apart."""
    leeds, london = _named(places, "leeds"), _named(places, "london")
    await walk(
        "adjustStock",
        "stockLevel { onHand }",
        sku="MUG",
        locationId=leeds,
        quantity=5,
        reason="found",
        bin="A-2",
        safetyStock=0,
    )
    await walk(
        "moveStock",
        "stockLevel { onHand }",
        sku="MUG",
        locationId=leeds,
        quantity=2,
        fromBin="A-2",
        toBin="A-1",
        reason="tidy",
    )
    await walk(
        "reclassifyStock",
        "stockLevel { onHand }",
        sku="MUG",
        locationId=leeds,
        quantity=1,
        **{"from": "SELLABLE"},
        to="DAMAGED",
        reason="fell",
        bin="A-1",
    )
    await walk("setBackorderTerms", "stockLevel { onHand }", sku="MUG", locationId=leeds, limit=5, preorderLimit=5)
    line = {"sku": "MUG", "quantity": 3}
    coming = await walk(
        "announceInbound",
        "inboundShipment { id }",
        locationId=leeds,
        supplier="Potters",
        lines=[line],
        expectedAt=LATER,
        reference="PO-1",
    )
    await walk(
        "rescheduleInbound", "inboundShipment { id }", inboundShipmentId=coming["id"], expectedAt="2041-01-01T00:00:00Z"
    )
    await walk(
        "receiveInbound",
        "inboundShipment { id }",
        inboundShipmentId=coming["id"],
        lines=[{"sku": "MUG", "quantity": 1, "bin": "A-1"}],
    )
    await walk("cancelInbound", "inboundShipment { id }", inboundShipmentId=coming["id"], reason="lost")
    moving = await walk(
        "sendTransfer",
        "inboundShipment { id }",
        fromLocationId=leeds,
        toLocationId=london,
        lines=[{**line, "bin": "A-1"}],
        expectedAt=LATER,
    )
    await walk("receiveInbound", "inboundShipment { id }", inboundShipmentId=moving["id"], nothingMoreComes=True)
    await walk("setBin", "bin { code }", locationId=leeds, code="A-3", sequence=3)


async def kept_in_lots(walk: Walks, places: Sequence[Any]) -> None:
    """Lots."""
    leeds = _named(places, "leeds")
    await walk(
        "adjustStock",
        "stockLevel { onHand }",
        sku="JAM",
        locationId=leeds,
        quantity=2,
        reason="made",
        bin="B-1",
        lot="L-3",
        expiresOn="2040-01-01",
    )
    for mutation in ("quarantineLot", "releaseLot", "recallLot", "releaseLot"):
        await walk(mutation, "lot { code }", sku="JAM", code="L-3", reason="mould")
    await walk("trackLots", "variant { id }", sku="PLATE", minimumDays=3)
    await walk(
        "assignLot",
        "stockLevel { onHand }",
        sku="PLATE",
        locationId=leeds,
        quantity=1,
        bin="A-1",
        lot="P-1",
        reason="seen",
        expiresOn="2040-01-01",
    )


async def counted(walk: Walks, places: Sequence[Any]) -> None:
    """A stock count with four eyes, counted twice."""
    made = await walk(
        "createStockCount",
        "stockCount { id }",
        locationId=_named(places, "leeds"),
        reason="yearly",
        skus=["MUG", "PLATE"],
    )
    count = made["id"]
    await walk("startStockCount", "stockCount { id }", id=count)
    for round_ in (1, 2):
        seen = [{"sku": "MUG", "units": 30 + round_}, {"sku": "PLATE", "units": 20}]
        await walk("recordStockCount", "stockCount { id }", stockCountId=count, counter="Ann", counted=seen)
        await walk("submitStockCount", "stockCount { id }", stockCountId=count, leaveOutUncounted=True)
        if round_ == 1:
            await walk("recountStock", "stockCount { id }", stockCountId=count, reason="far off", skus=["MUG"])
    await walk("approveStockCount", "stockCount { id }", stockCountId=count, approver="Bob", note="fine")
    await walk("postStockCount", "stockCount { id }", id=count)


async def set_up(walk: Walks, places: Sequence[Any]) -> None:
    """What a shop decides: what it sells, where, by which rules and calendars."""
    leeds = _named(places, "leeds")
    await walk(
        "createVariant",
        "variant { id }",
        sku="BOWL",
        title="Bowl",
        weightGrams=200,
        lengthMm=100,
        hsCode="691200",
        countryOfOrigin="GB",
    )
    await walk("setPrice", "variant { id }", sku="BOWL", price=money("5.00"), channel="web", minQuantity=2)
    await walk(
        "setBundle",
        "variant { id }",
        sku="BOWL",
        components=[{"sku": "MUG", "quantity": 2}, {"sku": "PLATE", "quantity": 1}],
    )
    await walk("setPreorder", "variant { id }", sku="LATER", availableFrom=LATER)
    calendar = {
        "timeZone": "Europe/London",
        "cutOff": "15:00",
        "handlingDays": 1,
        "holidays": ["2026-12-25"],
        "workingDays": [1, 2, 3],
    }
    await walk("setLocationCalendar", "location { id }", locationId=leeds, calendar=calendar)
    await walk(
        "setCountryCalendar",
        "countryCalendar { country }",
        country="GB",
        timeZone="Europe/London",
        holidays=["2026-12-25"],
    )
    times = [
        {"country": "GB", "minDays": 1, "maxDays": 2, "postcodePrefix": "SW", "timeZone": "Europe/London"},
        {"country": "DE", "minDays": 2, "maxDays": 5},
    ]
    await walk("setTransitTimes", "count", origin={"location": "leeds"}, times=times)
    rules = {
        "rules": [
            {"kind": "KEEP_BACK", "options": {"locations": ["london"], "units": 1}},
            {"kind": "DESTINATIONS", "options": {"locations": ["leeds"], "countries": ["GB"]}},
            {"kind": "CAPACITY", "options": {"limits": [{"location": "leeds", "unitsPerDay": 500, "cutOff": "15:00", "timeZone": "Europe/London"}]}},
            {"kind": "NEAREST"},
        ],
        "split": "LIMITED", "mostParcels": 3, "mostExtraCost": money("9.00"), "mostExtraPercent": 50.0,
    }  # fmt: skip
    for rule in rules["rules"]:
        await walk(
            "setRoutingRules", "routingRules { version }", rules={**rules, "rules": [rule]}, channel="web", note="one"
        )
    await walk("setRoutingRules", "routingRules { version }", rules=rules, channel="web", note="all")
    await walk("createChannel", "channel { id }", code="fair", name="The fair")
    await walk("addListing", "listing { id }", channel="shop", channelSku="P-1", sku="PLATE")
    await walk("setListingBuffer", "listing { id }", channel="shop", channelSku="P-1", units=2)
    await walk("setChannelBuffer", "channel { id }", channel="shop", units=1)
    await walk("setServingLocations", "channel { id }", channel="shop", locations=["leeds"], networks=False)
    await walk("pushStock", "channel { id }", channel="shop")
    made = await walk("createLocation", "location { id }", code="york", name="York", address=ADDRESS, group="north")
    await walk("setLocationActive", "location { id }", locationId=made["id"], isActive=False)


async def served(walk: Walks, customers: Sequence[Any]) -> None:
    """Consents, and the plugins."""
    for customer in customers[:1]:
        await walk(
            "recordConsent",
            "consent { id }",
            customerId=customer["id"],
            purpose="MARKETING_EMAIL",
            state="GRANTED",
            source="form",
            givenAt="2026-01-01T00:00:00Z",
        )
    await walk("pausePlugin", "deliveries { plugin }", plugin="packhouse-fulfillment", reason="moving house")
    await walk("resumePlugin", "deliveries { plugin }", plugin="packhouse-fulfillment")
    await walk(
        "replayEvents",
        "events position",
        plugin="packhouse-fulfillment",
        since="2026-01-01T00:00:00Z",
        types=["STOCK_ADJUSTED"],
    )
