"""What a warehouse does, by the API."""

from typing import Any

from tests.end_to_end.api import Api


async def start_and_pick(api: Api, work_id: str) -> list[Any]:
    """Pick everything of one fulfillment order; gives the picks."""
    made = await api.do("startPicking", "pickList { picks { id sku quantity } }", fulfillmentOrderIds=[work_id])
    picks: list[Any] = made["pickList"]["picks"]
    for pick in picks:
        await api.do(
            "confirmPick", "pickList { status }", pickId=pick["id"], code=pick["sku"], quantity=pick["quantity"]
        )
    return picks


async def pack_and_send(api: Api, work_id: str, tracking_number: str, items: list[Any] | None = None) -> str:
    """Pack the items (all where none are named) and hand the parcel over; gives the shipment's id."""
    parcel = (await api.do("packParcel", "parcel { id }", fulfillmentOrderId=work_id, items=items or []))["parcel"]
    shipment = (await api.do("createShipment", "shipment { id }", parcelId=parcel["id"]))["shipment"]
    await api.do(
        "handOverShipment",
        "shipment { status }",
        shipmentId=shipment["id"],
        carrier="ups",
        trackingNumber=tracking_number,
    )
    return str(shipment["id"])


async def arrive(api: Api, shipment_id: str, at: str = "2030-01-01T12:00:00Z") -> None:
    """Record the carrier's last scan."""
    await api.do("recordTracking", "shipment { status }", shipmentId=shipment_id, status="DELIVERED", occurredAt=at)
