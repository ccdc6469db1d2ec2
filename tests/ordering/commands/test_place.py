import asyncio

import pytest

from packhouse.fulfillment.models import FulfillmentOrder, FulfillmentOrderLine
from packhouse.inventory.models import Allocation, StockLevel, StockMovement
from packhouse.ordering.commands.place import place
from packhouse.ordering.data import OnShortage, PlaceLine, PlaceOrder, PlacePayment
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.payments.models import PaymentEvent
from packhouse.routing.models import RoutingDecision
from packhouse.sdk import InvalidValue, Money, Objection, OrderSnapshot, Refused, Verdict
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY, make_location, make_order, make_shop, make_stock, make_variant

TABLES = ("orders", "order_line", "fulfillment_order", "allocation", "payment_event", "hold", "event", "stock_movement")


def no_objection(_: OrderSnapshot) -> list[tuple[str, Objection]]:
    return []


def request(*lines: PlaceLine, **changes: object) -> PlaceOrder:
    values: dict[str, object] = {
        "channel": "web",
        "currency": "GBP",
        "lines": lines or (PlaceLine("MUG", 1),),
        "email": "Buyer@Example.com",
        "shipping_address": ADDRESS,
    }
    return PlaceOrder(**{**values, **changes})  # type: ignore[arg-type]  # tests give each field its own type


async def counts(database: Database) -> dict[str, int]:
    return {table: (await database.fetch(f'SELECT count(*) AS n FROM "{table}"'))[0]["n"] for table in TABLES}


async def balances_equal_ledger(database: Database) -> bool:
    rows = await database.fetch(
        "SELECT l.on_hand, l.allocated, (SELECT SUM(m.on_hand) FROM stock_movement m WHERE m.variant_id = l.variant_id"
        " AND m.location_id = l.location_id) AS ledger_on_hand, (SELECT SUM(m.allocated) FROM stock_movement m"
        " WHERE m.variant_id = l.variant_id AND m.location_id = l.location_id) AS ledger_allocated FROM stock_level l"
    )
    return all(row["on_hand"] == row["ledger_on_hand"] and row["allocated"] == row["ledger_allocated"] for row in rows)


async def test_an_order_is_placed_confirmed_and_given_out(database: Database) -> None:
    london = await make_shop(database)
    data = request(
        PlaceLine("MUG", 2),
        PlaceLine("PLATE", 1, discount=Money.of("1.50", "GBP")),
        shipping=Money.of("3.99", "GBP"),
        payments=(PlacePayment("charge", Money.of("32.49", "GBP"), external_id="ch_1"),),
    )
    order_id = await database.write(BY, lambda uow: place(uow, data, no_objection))

    order = await Order.get(id=order_id)
    assert (order.status, order.subtotal, order.discount, order.shipping, order.total) == (
        "confirmed",
        3000,
        150,
        399,
        3249,
    )
    assert order.email == "buyer@example.com"
    assert order.number.startswith("PH-")
    lines = await OrderLine.filter(order_id=order_id).order_by("position")
    assert [(line.sku, line.ordered, line.allocated, line.total) for line in lines] == [
        ("MUG", 2, 2, 2000),
        ("PLATE", 1, 1, 850),
    ]
    work = await FulfillmentOrder.get(order_id=order_id)
    assert (work.status, work.location_id) == ("open", london.id)
    assert await FulfillmentOrderLine.filter(fulfillment_order_id=work.id).count() == 2
    assert await Allocation.filter(location_id=london.id, status="allocated").count() == 2
    decision = await RoutingDecision.get(order_id=order_id)
    assert decision.receipt["candidates"][0]["sends"] == 3
    payment = await PaymentEvent.get(order_id=order_id)
    assert (payment.kind, payment.outcome, payment.amount) == ("charge", "success", 3249)
    events = await database.fetch("SELECT type FROM event WHERE order_id = $1 ORDER BY type", order_id)
    assert [row["type"] for row in events] == [
        "fulfillment_requested",
        "order_confirmed",
        "order_placed",
        "payment_recorded",
    ]
    assert await balances_equal_ledger(database)


async def test_a_split_takes_the_fewest_locations(database: Database) -> None:
    await make_variant(database, "MUG")
    for code, units in (("leeds", 2), ("london", 5), ("york", 4)):
        await make_stock(database, "MUG", await make_location(database, code), units)
    data = request(PlaceLine("MUG", 8))
    order_id = await database.write(BY, lambda uow: place(uow, data, no_objection))
    work = await FulfillmentOrder.filter(order_id=order_id).prefetch_related("lines", "location")
    assert {row.location.code: [line.quantity for line in row.lines] for row in work} == {"london": [5], "york": [3]}


async def test_two_lines_of_one_sku_are_summed_before_checking(database: Database) -> None:
    await make_shop(database, units=3)
    data = request(PlaceLine("MUG", 2), PlaceLine("MUG", 2))
    before = await counts(database)
    with pytest.raises(Refused) as refused:
        await database.write(BY, lambda uow: place(uow, data, no_objection))
    assert (refused.value.code, refused.value.field) == ("INSUFFICIENT_STOCK", "lines.0.quantity")
    assert refused.value.message == "only 3 of 4 units of MUG are in stock"
    assert await counts(database) == before


REFUSALS = [
    (request(PlaceLine("NOPE", 1)), "UNKNOWN_SKU", "lines.0.sku"),
    (request(PlaceLine("MUG", 99)), "INSUFFICIENT_STOCK", "lines.0.quantity"),
    (request(PlaceLine("MUG", 1, unit_price=Money.of("9", "GBP"))), "PRICE_MISMATCH", "lines.0.unitPrice"),
    (request(PlaceLine("MUG", 1, unit_price=Money.of("10", "EUR"))), "CURRENCY_MISMATCH", "lines.0.unitPrice"),
    (request(currency="EUR"), "NO_PRICE", "lines.0.unitPrice"),
    (request(PlaceLine("MUG", 1, discount=Money.of("11", "GBP"))), "DISCOUNT_TOO_LARGE", "lines.0.discount"),
    (request(shipping_address=None), "BAD_ADDRESS", "shippingAddress"),
    (request(payments=(PlacePayment("charge", Money.of("1", "EUR")),)), "CURRENCY_MISMATCH", "payments.0.amount"),
]


@pytest.mark.parametrize(
    ("data", "code", "field"), REFUSALS, ids=[code + str(n) for n, (_, code, _) in enumerate(REFUSALS)]
)
async def test_a_refused_order_changes_nothing(database: Database, data: PlaceOrder, code: str, field: str) -> None:
    await make_shop(database)
    before = await counts(database)
    with pytest.raises(Refused) as refused:
        await database.write(BY, lambda uow: place(uow, data, no_objection))
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await counts(database) == before


@pytest.mark.parametrize("quantity", [0, -1, 10_000_000])
async def test_a_quantity_that_cannot_be(database: Database, quantity: int) -> None:
    await make_shop(database)
    before = await counts(database)
    with pytest.raises(InvalidValue, match=r"lines\.0\.quantity"):
        await database.write(BY, lambda uow: place(uow, request(PlaceLine("MUG", quantity)), no_objection))
    assert await counts(database) == before


async def test_a_locale_is_kept_and_one_that_is_none_refused(database: Database) -> None:
    await make_shop(database)
    order_id = await database.write(BY, lambda uow: place(uow, request(locale="en-GB"), no_objection))
    assert (await Order.get(id=order_id)).locale == "en-GB"
    before = await counts(database)
    with pytest.raises(InvalidValue) as invalid:
        await database.write(BY, lambda uow: place(uow, request(locale="en_GB"), no_objection))
    assert (invalid.value.field, await counts(database)) == ("locale", before)


async def test_an_external_id_is_placed_once(database: Database) -> None:
    await make_shop(database)
    data = request(external_id="1001")
    await database.write(BY, lambda uow: place(uow, data, no_objection))
    before = await counts(database)
    with pytest.raises(Refused, match="external id 1001"):
        await database.write(BY, lambda uow: place(uow, data, no_objection))
    assert await counts(database) == before


async def test_an_order_sold_elsewhere_waits_for_stock(database: Database) -> None:
    await make_shop(database, units=1)
    data = request(PlaceLine("MUG", 2), on_shortage=OnShortage.HOLD)
    order_id = await database.write(BY, lambda uow: place(uow, data, no_objection))
    order = await Order.get(id=order_id)
    assert (order.status, order.confirmed_at) == ("pending", None)
    assert (await Hold.get(order_id=order_id)).reason == "out_of_stock"
    assert (await OrderLine.get(order_id=order_id)).allocated == 0
    assert await StockMovement.filter(order_id=order_id).count() == 0


async def test_a_plugin_may_refuse_or_hold(database: Database) -> None:
    await make_shop(database)
    refuse = [("guard", Objection(Verdict.REFUSE, "BLOCKED", "we do not sell to this buyer", "email"))]
    before = await counts(database)
    with pytest.raises(Refused) as refused:
        await database.write(BY, lambda uow: place(uow, request(), lambda _: refuse))
    assert (refused.value.code, refused.value.field) == ("BLOCKED", "email")
    assert await counts(database) == before

    suspect = [("guard", Objection(Verdict.HOLD, "FRAUD", "score 97"))]
    order_id = await database.write(BY, lambda uow: place(uow, request(), lambda _: suspect))
    hold = await Hold.get(order_id=order_id)
    assert (hold.reason, hold.note) == ("fraud", "score 97 (guard)")
    assert (await Order.get(id=order_id)).status == "confirmed"


async def test_200_buyers_of_50_units_get_exactly_50(database: Database) -> None:
    await make_shop(database, units=25)
    york = await make_location(database, "york")
    for sku in ("MUG", "PLATE"):
        await make_stock(database, sku, york, 25)

    async def buy(number: int) -> bool:
        # every other buyer names the SKUs the other way round: keys are sorted, so nobody waits in a circle
        skus = ("MUG", "PLATE") if number % 2 else ("PLATE", "MUG")
        data = request(*(PlaceLine(sku, 1) for sku in skus))
        try:
            await database.write(BY, lambda uow: place(uow, data, no_objection))
        except Refused as refused:
            assert refused.code == "INSUFFICIENT_STOCK"  # noqa: PT017  (the refusal is the expected half of the outcome)
            return False
        return True

    results = await asyncio.gather(*(buy(number) for number in range(200)))
    assert results.count(True) == 50
    assert await Order.filter(status="confirmed").count() == 50
    levels = await StockLevel.all()
    assert {(level.on_hand, level.allocated) for level in levels} == {(25, 25)}
    assert await Allocation.filter(status="allocated").count() == 100
    assert await balances_equal_ledger(database)


async def test_the_factory_makes_paid_orders(database: Database) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 1}, paid="10.00")
    assert (order.status, order.total) == ("confirmed", 1000)
