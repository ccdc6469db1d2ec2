from collections.abc import Awaitable, Callable

from strawberry.relay import to_base64

from packhouse.fulfillment.models import Parcel
from packhouse.sdk import Providers
from packhouse.storage import Database
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.graphql import Execute
from packhouse.testing.partners import TestCarrier
from packhouse.web.context import Context

Packed = Callable[..., Awaitable[Parcel]]

_SHIPMENT = "shipment { id status trackingStatus carrier trackingNumber price { amount currency } label { mediaType } }"


def _mutation(name: str, input_type: str) -> str:
    return f"mutation ($input: {input_type}!) {{ {name}(input: $input) {{ {_SHIPMENT} userErrors {{ code field }} }} }}"


async def test_a_parcel_travels_to_the_door(
    database: Database, execute: Execute, graphql_context: Context, packed: Packed
) -> None:
    graphql_context.providers = Providers(carriers={"test": TestCarrier()})
    await make_shop(database)
    order = await make_order(database, {"MUG": 1})
    parcel_id = to_base64("Parcel", (await packed(order)).id)

    quotes = await execute(
        "query ($id: ID!) { shippingQuotes(parcelId: $id) {"
        " quotes { carrier service serviceName days price { amount currency } } missing { carrier reason } } }",
        {"id": parcel_id},
    )
    assert quotes["shippingQuotes"]["missing"] == []
    assert quotes["shippingQuotes"]["quotes"][0] == {
        "carrier": "test",
        "service": "standard",
        "serviceName": "Standard",
        "days": 3,
        "price": {"amount": "4.20", "currency": "GBP"},
    }

    create = _mutation("createShipment", "CreateShipmentInput")
    draft = (await execute(create, {"input": {"parcelId": parcel_id}}))["createShipment"]["shipment"]
    assert draft["status"] == "DRAFT"

    buying = {"shipmentId": draft["id"], "carrier": "test", "service": "standard"}
    bought = (await execute(_mutation("buyLabel", "BuyLabelInput"), {"input": buying}))["buyLabel"]
    assert bought["userErrors"] == []
    assert bought["shipment"]["status"] == "LABEL_PURCHASED"
    assert bought["shipment"]["price"] == {"amount": "4.20", "currency": "GBP"}
    assert bought["shipment"]["label"] == {"mediaType": "application/pdf"}

    leave = _mutation("handOverShipment", "HandOverShipmentInput")
    gone = (await execute(leave, {"input": {"shipmentId": draft["id"]}}))["handOverShipment"]
    assert gone["shipment"]["status"] == "HANDED_OVER"
    twice = (await execute(leave, {"input": {"shipmentId": draft["id"]}}))["handOverShipment"]
    assert (twice["shipment"], [error["code"] for error in twice["userErrors"]]) == (None, ["ILLEGAL_STATE"])

    scan = {"shipmentId": draft["id"], "status": "DELIVERED", "occurredAt": "2026-03-02T10:00:00+00:00"}
    for _ in range(2):
        record = _mutation("recordTracking", "RecordTrackingInput")
        arrived = (await execute(record, {"input": scan}))["recordTracking"]
        assert arrived["userErrors"] == []
        assert (arrived["shipment"]["status"], arrived["shipment"]["trackingStatus"]) == ("DELIVERED", "DELIVERED")


async def test_a_label_is_voided(
    database: Database, execute: Execute, graphql_context: Context, packed: Packed
) -> None:
    carrier = TestCarrier(fails={"buy_label": [ConnectionResetError()]})
    graphql_context.providers = Providers(carriers={"test": carrier})
    await make_shop(database)
    parcel = await packed(await make_order(database, {"MUG": 1}))
    data = {"parcelId": to_base64("Parcel", parcel.id), "carrier": "test", "service": "standard"}
    create = _mutation("createShipment", "CreateShipmentInput")
    draft = (await execute(create, {"input": data}))["createShipment"]["shipment"]

    buy = _mutation("buyLabel", "BuyLabelInput")
    doubt = (await execute(buy, {"input": {"shipmentId": draft["id"]}}))["buyLabel"]
    assert [error["code"] for error in doubt["userErrors"]] == ["PROVIDER_IN_DOUBT"]
    await execute(buy, {"input": {"shipmentId": draft["id"]}})
    void = _mutation("voidLabel", "VoidLabelInput")
    voided = (await execute(void, {"input": {"shipmentId": draft["id"], "reason": "wrong box"}}))["voidLabel"]

    assert voided["shipment"]["status"] == "VOIDED"
    assert carrier.voided == ["label-1"]


async def test_a_promise_is_added(database: Database, execute: Execute) -> None:
    await make_shop(database)
    order = await make_order(database)
    document = """
    mutation ($input: AddDeliveryPromiseInput!) {
      addDeliveryPromise(input: $input) { deliveryPromise { source promisedBy } userErrors { code field } }
    }
    """
    data = {"orderId": to_base64("Order", order.id), "promisedBy": "2026-03-06T18:00:00+00:00", "source": "checkout"}

    added = (await execute(document, {"input": data}))["addDeliveryPromise"]
    assert added["deliveryPromise"] == {"source": "checkout", "promisedBy": "2026-03-06T18:00:00+00:00"}
    refusal = (await execute(document, {"input": {**data, "source": ""}}))["addDeliveryPromise"]
    assert refusal == {"deliveryPromise": None, "userErrors": [{"code": "INVALID_VALUE", "field": ["source"]}]}


async def test_quotes_for_an_unknown_parcel_are_an_error(database: Database, execute: Execute) -> None:
    location = await make_shop(database)
    document = "query ($id: ID!) { shippingQuotes(parcelId: $id) { quotes { carrier } } }"
    (error,) = await execute(document, {"id": to_base64("Parcel", location.id)}, errors=True)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
