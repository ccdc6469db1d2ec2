"""What is told of each event."""

from typing import Any
from uuid import UUID

import pytest

from packhouse.sdk import EventType, Money
from packhouse_klaviyo.metrics import TOLD_TYPES, TRANSACTIONAL, Told, told

MUG = {"ProductID": "MUG", "SKU": "MUG", "ProductName": "Mug"}
SENT = {
    "OrderId": "#1001",
    "ShipmentId": str(UUID(int=3)),
    "Carrier": "ups",
    "TrackingNumber": "1Z1",
    "ItemNames": ["Mug"],
}


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


def read(samples: Any, event_type: EventType, **changes: Any) -> list[Told]:
    return told(samples.event(event_type, **changes), samples.order())


def test_a_placed_order_is_told_with_its_lines(klaviyo_samples: Any) -> None:
    whole, mugs, plate = read(klaviyo_samples, EventType.ORDER_PLACED)
    event_id = str(klaviyo_samples.event(EventType.ORDER_PLACED).id)
    mug_item = {**MUG, "Quantity": 3, "ItemPrice": gbp("9.50"), "RowTotal": gbp("25.00")}
    plate_item = {
        "ProductID": "PLATE",
        "SKU": "PLATE",
        "ProductName": "Plate",
        "Quantity": 1,
        "ItemPrice": gbp("9.99"),
        "RowTotal": gbp("9.99"),
    }
    assert whole == Told(
        "Placed Order",
        event_id,
        klaviyo_samples.at,
        gbp("34.99"),
        {"OrderId": "#1001", "Channel": "web", "ItemNames": ["Mug", "Plate"], "Items": [mug_item, plate_item]},
    )
    assert mugs == Told(
        "Ordered Product",
        f"{event_id}:{UUID(int=1)}",
        klaviyo_samples.at,
        gbp("25.00"),
        {"OrderId": "#1001", **mug_item},
    )
    assert (plate.unique_id, plate.value) == (f"{event_id}:{UUID(int=2)}", gbp("9.99"))


def test_what_was_placed_is_told_by_the_event_not_by_what_the_order_has_become(klaviyo_samples: Any) -> None:
    order = klaviyo_samples.order(lines=(), total=gbp("0.00"), status="cancelled")
    assert told(klaviyo_samples.event(EventType.ORDER_PLACED), order) == read(klaviyo_samples, EventType.ORDER_PLACED)


def test_a_parcel_is_told_with_the_share_of_its_units(klaviyo_samples: Any) -> None:
    (left,) = read(klaviyo_samples, EventType.SHIPMENT_DISPATCHED)
    assert (left.metric, left.value) == ("Fulfilled Order", gbp("16.67"))  # two of three, of 25.00
    items = [{**MUG, "Quantity": 2, "ItemPrice": gbp("9.50")}]
    assert left.properties == {**SENT, "TrackingUrl": "https://carrier.example/1Z1", "Items": items}
    (arrived,) = read(klaviyo_samples, EventType.SHIPMENT_DELIVERED)
    assert (arrived.metric, arrived.value) == ("Delivered Order", gbp("16.67"))
    assert arrived.properties == {**SENT, "Items": items}


def test_a_parcel_that_is_not_known_any_more_is_told_without_its_lines(klaviyo_samples: Any) -> None:
    event = klaviyo_samples.event(EventType.SHIPMENT_DELIVERED)
    (arrived,) = told(event, klaviyo_samples.order(shipments=()))
    assert (arrived.value, arrived.properties["Items"]) == (gbp("0.00"), [])


@pytest.mark.parametrize(
    ("event_type", "metric", "value", "properties"),
    [
        (EventType.ORDER_CANCELLED, "Cancelled Order", "34.99", {}),
        (
            EventType.RETURN_REQUESTED,
            "Requested Return",
            None,
            {"ReturnNumber": "R-1", "Items": [{"SKU": "MUG", "Quantity": 1, "Reason": "defective"}]},
        ),
        (
            EventType.RETURN_RECEIVED,
            "Returned Order",
            None,
            {"ReturnNumber": "R-1", "IsComplete": True, "Items": [{"SKU": "MUG", "Quantity": 1}]},
        ),
        (EventType.REFUND_MADE, "Refunded Order", "8.33", {}),
        (EventType.FEEDBACK_RECEIVED, "Submitted Review", None, {"Score": 5, "SKU": "MUG", "Platform": "stars"}),
    ],
)
def test_the_rest(
    klaviyo_samples: Any, event_type: EventType, metric: str, value: str | None, properties: dict[str, Any]
) -> None:
    event = klaviyo_samples.event(event_type)
    amount = None if value is None else gbp(value)
    expected = Told(metric, str(event.id), klaviyo_samples.at, amount, {"OrderId": "#1001", **properties})
    assert told(event, klaviyo_samples.order()) == [expected]


def test_a_cancellation_says_why(klaviyo_samples: Any) -> None:
    (cancelled,) = read(klaviyo_samples, EventType.ORDER_CANCELLED, reason="out of stock")
    assert cancelled.properties == {"OrderId": "#1001", "Reason": "out of stock"}


def test_other_events_are_not_told(klaviyo_samples: Any) -> None:
    for event_type in set(EventType) - TOLD_TYPES:
        assert read(klaviyo_samples, event_type) == []


def test_reviews_are_told_with_consent_only() -> None:
    assert {each for each in TOLD_TYPES if each not in TRANSACTIONAL} == {EventType.FEEDBACK_RECEIVED}
