"""What Packhouse asked of a plugin's providers about an event: the same requests again, for both versions.

The log says that a label was bought, work was given away, a channel was told, a customer was asked; what exactly was asked is put
together from the order as it stands now.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter

from packhouse.channels.hooks import shipment_notice
from packhouse.feedback.asking import review_invitation
from packhouse.feedback.models import ReviewRequest
from packhouse.fulfillment.commands.submit import fulfillment_request
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.orders.models import Order
from packhouse.sdk import Event, EventType, OrderSnapshot, Refused
from packhouse.shadow.talking import Message
from packhouse.shipping.commands.buy_label import label_request
from packhouse.shipping.models import Shipment


@dataclass(frozen=True, slots=True)
class Asking:
    """A call of a provider's method with one request."""

    provider: str
    method: str
    request: object

    @property
    def name(self) -> str:
        """The call for people."""
        return f"{self.provider}.{self.method}"

    def as_message(self) -> Message:
        """The call for the other process."""
        kind = type(self.request)
        value = TypeAdapter(kind).dump_python(self.request, mode="json")
        return {"provider": self.provider, "method": self.method, "kind": kind.__name__, "request": value}


async def asked_about(event: Event, order: OrderSnapshot | None) -> Asking | None:
    """What was asked of a provider about an event; None where nothing was, or what it was about has gone."""
    build = _BUILD.get(event.type)
    return None if build is None or order is None else await build(event, order)


async def _told_channel(event: Event, order: OrderSnapshot) -> Asking | None:
    shipment = next((each for each in order.shipments if str(each.id) == event.payload.get("shipment_id")), None)
    if shipment is None or shipment.handed_over_at is None or not order.external_id:
        return None
    if event.origin == f"channel:{order.channel}":
        return None  # the channel itself told us
    return Asking(order.channel, "push_shipment", shipment_notice(event, order, shipment))


async def _gave_work(event: Event, _: OrderSnapshot) -> Asking | None:
    work = await FulfillmentOrder.get_or_none(id=UUID(event.payload["fulfillment_order_id"]))
    if work is None or not event.payload.get("network"):
        return None
    return Asking(event.payload["network"], "submit", await fulfillment_request(work))


async def _bought_label(event: Event, _: OrderSnapshot) -> Asking | None:
    shipment = await Shipment.get_or_none(id=UUID(event.payload["shipment_id"]))
    if shipment is None:
        return None
    try:
        return Asking(event.payload["carrier"], "buy_label", await label_request(shipment))
    except Refused:
        return None


async def _asked_for_review(event: Event, order: OrderSnapshot) -> Asking | None:
    request = await ReviewRequest.get_or_none(id=UUID(event.payload["review_request_id"]))
    if request is None:
        return None
    invitation = await review_invitation(request, await Order.get(id=order.id))
    return Asking(event.payload["platform"], "invite", invitation)


_BUILD: Mapping[EventType, Callable[[Event, OrderSnapshot], Awaitable[Asking | None]]] = {
    EventType.SHIPMENT_DISPATCHED: _told_channel,
    EventType.FULFILLMENT_REQUESTED: _gave_work,
    EventType.LABEL_PURCHASED: _bought_label,
    EventType.REVIEW_REQUESTED: _asked_for_review,
}
ASKED = frozenset(_BUILD)
"""The types of events about which providers were asked."""
