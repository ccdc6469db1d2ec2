"""No list costs more statements for more orders."""

from datetime import timedelta

from strawberry.relay import to_base64

from packhouse.feedback.models import Review, ReviewRequest
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.orders.models import Hold, Order, OrderLine
from packhouse.payments.models import Refund
from packhouse.returns.models import Return, ReturnInspection, ReturnLine
from packhouse.sdk import new_id, now
from packhouse.shipping.models import DeliveryPromise, Label, TrackingEvent
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.testing.factories import make_order, make_shipped, make_shop
from packhouse.testing.graphql import Execute
from packhouse.testing.statements import noted_statements

EVERYTHING = """
fragment Everything on Order {
  id number status phase fulfillmentStatus paymentStatus returnStatus onHold
  availableActions { action allowed reason }
  total { amount currency }
  customer { email orderCount }
  shippingAddress { city }
  lines { sku ordered shipped unitPrice { amount } variant { sku availableToPromise prices { price { amount } } } }
  holds { reason placedAt }
  timeline { type occurredAt }
  payments { kind amount { amount } }
  paymentAmounts { charged { amount } }
  refunds { amount { amount } }
  routingDecisions { receipt }
  fulfillmentOrders {
    status location { code } lines { quantity orderLine { sku } }
    parcels { weightGrams items { quantity fulfillmentOrderLine { sku } } }
  }
  shipments {
    trackingNumber location { code } fulfillmentOrder { status } parcel { weightGrams } label { mediaType data }
    lines { quantity orderLine { sku total { amount } } } trackingEvents { status description }
  }
  deliveryPromises { promisedBy }
  returns {
    number status refunds { status }
    lines { quantity refund { amount } orderLine { sku } inspections { disposition location { code } } }
  }
  reviews { score }
  reviewRequests { status }
}
"""
LIST = (
    EVERYTHING + "query ($first: Int!) { orders(first: $first, sort: NUMBER_ASC) { edges { node { ...Everything } } } }"
)
ONE = EVERYTHING + "query ($id: ID!) { order(id: $id) { ...Everything } }"


async def furnish(database: Database, by: Initiator, order: Order) -> None:
    """Give an order one of everything that an order can have."""
    [shipment] = await make_shipped(database, order)
    line = await OrderLine.get(order_id=order.id)
    work = await FulfillmentOrder.get(order_id=order.id)

    async def write(_: UnitOfWork) -> None:
        at = now()
        await Hold.create(order_id=order.id, reason="review", placed_by="test", placed_at=at, released_at=at)
        await Label.create(shipment_id=shipment.id, media_type="text/plain", content=b"label", created_at=at)
        await TrackingEvent.create(
            shipment_id=shipment.id, external_id="1", status="in_transit", occurred_at=at, recorded_at=at
        )
        await DeliveryPromise.create(
            order_id=order.id, promised_by=at + timedelta(days=1), source="checkout", made_at=at
        )
        returned = await Return.create(
            order_id=order.id, number=f"R-{order.number}", status="requested", requested_at=at
        )
        coming = await ReturnLine.create(
            return_request_id=returned.id,
            order_line_id=line.id,
            quantity=1,
            reason="other",
            custody="advised",
            money="pending",
        )
        await ReturnInspection.create(
            return_line_id=coming.id,
            location_id=work.location_id,
            quantity=1,
            disposition="restock",
            inspected_at=at,
        )
        await Refund.create(order_id=order.id, return_id=returned.id, amount=100, status="requested", created_at=at)
        await Review.create(order_id=order.id, platform="test", external_id=str(new_id()), score=5, created_at=at)
        await ReviewRequest.create(order_id=order.id, platform="test", status="sent", send_at=at)

    await database.write(by, write)


async def test_fifty_orders_cost_as_many_statements_as_five(
    database: Database, by: Initiator, execute: Execute
) -> None:
    await make_shop(database, units=100)
    for index in range(50):
        order = await make_order(database, {("MUG", "PLATE")[index % 2]: 1}, paid="10.00")
        await furnish(database, by, order)

    with noted_statements() as for_five:
        five = await execute(LIST, {"first": 5})
    with noted_statements() as for_fifty:
        fifty = await execute(LIST, {"first": 50})

    assert len(for_fifty) == len(for_five)
    assert len(for_fifty) < 50
    assert fifty["orders"]["edges"][:5] == five["orders"]["edges"]
    for edge in fifty["orders"]["edges"]:
        assert [name for name, value in edge["node"].items() if value in (None, [])] == []


async def test_one_order_with_everything(database: Database, by: Initiator, execute: Execute) -> None:
    await make_shop(database)
    order = await make_order(database, {"MUG": 1}, paid="10.00")
    await furnish(database, by, order)

    found = (await execute(ONE, {"id": to_base64("Order", order.id)}))["order"]

    assert (found["phase"], found["fulfillmentStatus"], found["paymentStatus"], found["returnStatus"]) == (
        "IN_TRANSIT",
        "SHIPPED",
        "PAID",
        "IN_PROGRESS",
    )
    assert found["lines"] == [
        {
            "sku": "MUG",
            "ordered": 1,
            "shipped": 1,
            "unitPrice": {"amount": "10.00"},
            "variant": {"sku": "MUG", "availableToPromise": 9, "prices": [{"price": {"amount": "10.00"}}]},
        }
    ]
    [shipment] = found["shipments"]
    assert shipment["label"] == {"mediaType": "text/plain", "data": "bGFiZWw="}
    assert shipment["lines"] == [{"quantity": 1, "orderLine": {"sku": "MUG", "total": {"amount": "10.00"}}}]
    [returned] = found["returns"]
    assert returned["lines"] == [
        {
            "quantity": 1,
            "refund": {"amount": "0.00"},
            "orderLine": {"sku": "MUG"},
            "inspections": [{"disposition": "RESTOCK", "location": {"code": "london"}}],
        }
    ]
    assert {each["action"]: each["allowed"] for each in found["availableActions"]} == {
        "CONFIRM": False,
        "HOLD": False,
        "RELEASE_HOLD": False,
        "CANCEL": False,
        "SHIP": False,
        "REQUEST_RETURN": False,
        "REFUND": True,
    }
