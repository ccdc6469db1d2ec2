"""What a customer is told before ordering is what ordering does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

from tests.ordering.test_promising import MONDAY, work

from packhouse.channels.commands.create_channel import CreateChannel, create_channel
from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.inventory.commands.announce_inbound import AnnounceInbound, InboundPart, announce_inbound
from packhouse.inventory.commands.set_bundle import BundlePart, SetBundle, set_bundle
from packhouse.inventory.models import Location
from packhouse.ordering.availability import read_availability
from packhouse.ordering.basket import BasketLine
from packhouse.ordering.commands.place import place
from packhouse.ordering.commands.supply import Heading
from packhouse.ordering.data import PlaceLine, PlaceOrder
from packhouse.routing.commands.set_routing_rules import SetRoutingRules, set_routing_rules
from packhouse.routing.commands.set_transit_times import Way
from packhouse.routing.questions import Destination, Rule
from packhouse.routing.states import RuleKind, SplitPolicy
from packhouse.sdk import Refused, ShippingSpeed, now
from packhouse.shipping.models import DeliveryPromise
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY, make_location, make_stock, make_variant
from packhouse.testing.graphql import Execute
from packhouse.testing.proofs import contents
from packhouse.testing.statements import noted_statements, query_plan

DOCUMENT = """query ($lines: [PreviewLineInput!]!, $speed: ShippingSpeed! = STANDARD) {
  availability(lines: $lines, channel: "web", shippingSpeed: $speed, destination: {country: "GB", postcode: "LS1 4AP"}) {
    isComplete isOrderable isSplitRefused ruleVersion
    lines { sku quantity isKnown needsShipping available isEnough mayWait moreAt enoughAt locations { location units } }
    parts { location lines { sku quantity } promise { dispatchBy earliest latest } }
    promise { dispatchOn dispatchBy earliest latest deliveryFrom deliveryBy }
  }
}"""
LEEDS = Heading("web", Destination("GB", ADDRESS.postcode, ADDRESS.city))


async def make_shop(database: Database) -> tuple[Location, Location]:
    """Mugs and plates in London and York, pairs of mugs, and sets of a pair and a plate."""
    await database.write(BY, lambda uow: create_channel(uow, CreateChannel("web", "Web shop")))
    london, york = [await make_location(database, code, priority=each) for each, code in enumerate(("london", "york"))]
    for sku in ("MUG", "PLATE", "PAIR", "SET"):
        await make_variant(database, sku)
    for location, mugs, plates in ((london, 5, 3), (york, 4, 6)):
        await make_stock(database, "MUG", location, mugs)
        await make_stock(database, "PLATE", location, plates)
    for sku, parts in (("PAIR", (BundlePart("MUG", 2),)), ("SET", (BundlePart("PAIR", 1), BundlePart("PLATE", 1)))):
        data = SetBundle(sku, parts)
        await database.write(BY, lambda uow, data=data: set_bundle(uow, data))  # type: ignore[misc]  # mypy reads no default of a lambda
    return london, york


async def asked(execute: Execute, speed: str = "STANDARD", **lines: int) -> Any:
    basket = [{"sku": sku, "quantity": units} for sku, units in lines.items()]
    with patch("packhouse.ordering.promising.now", return_value=MONDAY):
        return (await execute(DOCUMENT, {"lines": basket, "speed": speed}))["availability"]


async def test_a_basket_is_answered_line_by_line_and_as_a_whole(database: Database, execute: Execute) -> None:
    london, york = await make_shop(database)
    await work(database, london, Way("GB", 1, 2))
    await work(database, york, Way("GB", 2, 4), handling_days=1)
    before = await contents(database)
    found = await asked(execute, MUG=6, SET=1, PLATE=1)
    assert (found["isComplete"], found["isSplitRefused"], found["ruleVersion"]) == (True, False, "builtin-2")
    common = {
        "isKnown": True,
        "needsShipping": True,
        "isEnough": True,
        "mayWait": False,
        "moreAt": None,
        "enoughAt": None,
    }
    london_first = [("london", 5), ("york", 4)], [("london", 2), ("york", 2)], [("london", 3), ("york", 6)]
    assert found["lines"] == [
        {
            **common,
            "sku": sku,
            "quantity": units,
            "available": there,
            "locations": [{"location": code, "units": each} for code, each in places],
        }
        for (sku, units, there), places in zip(
            (("MUG", 6, 9), ("SET", 1, 4), ("PLATE", 1, 9)), london_first, strict=True
        )
    ]
    assert found["parts"] == [
        {
            "location": "london",
            "lines": [{"sku": "MUG", "quantity": 5}, {"sku": "PLATE", "quantity": 2}],
            "promise": {"dispatchBy": "2026-03-02T23:59:59+00:00", "earliest": "2026-03-03", "latest": "2026-03-04"},
        },
        {
            "location": "york",
            "lines": [{"sku": "MUG", "quantity": 3}],
            "promise": {"dispatchBy": "2026-03-03T23:59:59+00:00", "earliest": "2026-03-05", "latest": "2026-03-09"},
        },
    ]
    assert found["promise"] == {
        "dispatchOn": "2026-03-03",
        "dispatchBy": "2026-03-03T23:59:59+00:00",
        "earliest": "2026-03-05",
        "latest": "2026-03-09",
        "deliveryFrom": "2026-03-05T00:00:00+00:00",
        "deliveryBy": "2026-03-09T23:59:59+00:00",
    }
    slow = await asked(execute, "PRIORITY", MUG=1)
    assert (slow["isComplete"], slow["promise"]["dispatchOn"], slow["promise"]["latest"]) == (True, "2026-03-02", None)
    assert await contents(database) == before, "nothing is written"


async def test_what_is_not_enough_says_when_more_comes_and_what_nobody_knows_is_told_by_line(
    database: Database, execute: Execute
) -> None:
    london, _ = await make_shop(database)
    moments = [datetime(2030, 1, day, tzinfo=UTC) for day in (5, 9)]
    for moment, units in ((moments[1], 50), (moments[0], 2), (now() - timedelta(days=1), 99), (None, 99)):
        data = AnnounceInbound(london.id, (InboundPart("MUG", units),), supplier="Potters", expected_at=moment)
        await database.write(BY, lambda uow, data=data: announce_inbound(uow, data))  # type: ignore[misc]  # mypy reads no default of a lambda
    found = await asked(execute, MUG=8, CUP=1, PAIR=2, PLATE=20)
    assert (found["isComplete"], found["promise"]) == (False, None)
    assert [(line["sku"], line["isKnown"], line["available"], line["isEnough"]) for line in found["lines"]] == [
        ("MUG", True, 9, True),
        ("CUP", False, 0, False),
        ("PAIR", True, 4, False),
        ("PLATE", True, 9, False),
    ]
    shown = [(line["moreAt"], line["enoughAt"]) for line in found["lines"]]
    first, second = (moment.isoformat() for moment in moments)
    assert shown == [(None, None), (None, None), (first, second), (None, None)]
    assert (await asked(execute, MUG=11))["lines"][0]["enoughAt"] == first
    assert (await asked(execute, MUG=62))["lines"][0]["enoughAt"] is None, "so many do not come"
    (error,) = await execute(DOCUMENT, {"lines": [{"sku": "MUG", "quantity": 0}]}, errors=True)
    assert "0 is not a quantity" in error["message"]


async def test_what_the_rules_forbid_is_not_available(database: Database, execute: Execute) -> None:
    await make_shop(database)
    rules = (
        Rule(RuleKind.KEEP_BACK, {"units": 1, "locations": ["york"]}),
        Rule(RuleKind.RESTRICTIONS, {"restrictions": [{"skus": ["PLATE"], "locations": ["london"]}]}),
    )
    data = SetRoutingRules("web", rules, SplitPolicy.NEVER)
    await database.write(BY, lambda uow: set_routing_rules(uow, data))
    found = await asked(execute, MUG=6, PLATE=1, SET=1)
    assert [(line["available"], [each["units"] for each in line["locations"]]) for line in found["lines"]] == [
        (8, [5, 3]),
        (5, [5]),
        (4, [1]),
    ]
    assert (found["isComplete"], found["isSplitRefused"]) == (False, True)


async def test_fifty_skus_cost_as_many_statements_as_one(database: Database) -> None:
    london, _ = await make_shop(database)
    await work(database, london, Way("GB", 1, 2))
    skus = [f"CUP-{number:02}" for number in range(46)]
    for sku in skus:
        await make_variant(database, sku, price=None)
    for sku in skus[:20]:
        await make_stock(database, sku, london, 1)

    async def sent(*lines: str) -> list[str]:
        with noted_statements() as statements:
            # more than there is of anything: what comes is looked for, too
            await read_availability(database, [BasketLine(sku, 9) for sku in lines], LEEDS)
        plans = [await query_plan(database, each) for each in statements if "inbound_line" in each.sql]
        if database.dialect.value == "sqlite":
            # an empty table is scanned by PostgreSQL, whatever indexes it has
            assert ["SCAN" in plan for plan in plans] == [False]
        return [each.sql.split("IN (")[0] for each in statements]

    assert await sent(*skus) == await sent(skus[0])
    bundles = await sent("SET", "PAIR", "MUG", "PLATE", *skus)
    assert bundles == await sent("SET")
    assert len(bundles) <= 8


async def sends(order_id: Any) -> dict[str, dict[str, int]]:
    """What each location was given to send, by SKU."""
    found: dict[str, dict[str, int]] = {}
    for order in await FulfillmentOrder.filter(order_id=order_id).prefetch_related("location"):
        units = found.setdefault(order.location.code, {})
        for line in await FulfillmentOrderLine.filter(fulfillment_order_id=order.id):
            units[line.sku] = units.get(line.sku, 0) + line.quantity
    return found


async def placed(database: Database, lines: list[BasketLine], speed: ShippingSpeed) -> tuple[str, Any]:
    """Place a basket: its id, or the code of the refusal."""
    order = PlaceOrder(
        "web",
        "GBP",
        tuple(PlaceLine(line.sku, line.quantity) for line in lines),
        shipping_address=ADDRESS,
        shipping_speed=speed,
    )
    try:
        return "placed", await database.write(BY, lambda uow: place(uow, order, lambda _: []))
    except Refused as refused:
        return refused.code, None


async def test_placing_right_after_does_what_was_said(database: Database) -> None:
    london, york = await make_shop(database)
    await work(database, london, Way("GB", 2, 3), Way("GB", 1, 1, speed=ShippingSpeed.PRIORITY))
    await work(database, york, Way("GB", 1, 2))
    chance, outcomes = Random(4), set[str]()  # noqa: S311  (the same baskets each time)
    for kinds, split in (
        ((RuleKind.FASTEST,), SplitPolicy.WHEN_NEEDED),
        ((RuleKind.SHIP_COMPLETE, RuleKind.PRIORITY), SplitPolicy.WHEN_NEEDED),
        ((RuleKind.STOCK_ON_HAND,), SplitPolicy.NEVER),
    ):
        data = SetRoutingRules("web", tuple(map(Rule, kinds)), split)
        await database.write(BY, lambda uow, data=data: set_routing_rules(uow, data))  # type: ignore[misc]  # mypy reads no default of a lambda
        for location in (london, york):
            await make_stock(database, "MUG", location, 15)
            await make_stock(database, "PLATE", location, 15)
        for turn in range(4):
            skus = chance.sample(("MUG", "PLATE", "PAIR", "SET"), chance.randint(1, 3))
            lines = [BasketLine(sku, chance.choice((1, 2, 3, 9))) for sku in skus]
            speed = chance.choice((ShippingSpeed.STANDARD, ShippingSpeed.PRIORITY))
            if turn > 1:
                # one plate more than there are, and then all, from both
                left = (await read_availability(database, [BasketLine("PLATE", 1)], LEEDS)).lines[0].available
                lines, speed = [BasketLine("PLATE", left + (turn == 2))], ShippingSpeed.PRIORITY
            with (
                patch("packhouse.ordering.promising.now", return_value=MONDAY),
                patch("packhouse.ordering.facts.now", return_value=MONDAY),
            ):
                told = await read_availability(database, lines, replace(LEEDS, speed=speed))
                outcome, order_id = await placed(database, lines, speed)
            outcomes.add(outcome)
            assert (told.is_orderable, told.is_split_refused) == (outcome == "placed", outcome == "SPLIT_NOT_ALLOWED")
            if not told.is_orderable:
                assert order_id is None
                continue
            assert await sends(order_id) == {
                part.location: {each.sku: each.units for each in part.units} for part in told.parts
            }
            window = told.promise.delivery if told.promise else None
            kept = [(row.promised_from, row.promised_by) for row in await DeliveryPromise.filter(order_id=order_id)]
            assert kept == ([(window.opens, window.closes)] if window else [])
            outcomes.add("promised" if kept else "not promised")
    assert outcomes == {"placed", "promised", "not promised", "INSUFFICIENT_STOCK", "SPLIT_NOT_ALLOWED"}
