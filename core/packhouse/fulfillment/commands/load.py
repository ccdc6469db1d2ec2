"""Loading work to change it: the order is locked first, then its fulfillment order, so that nobody waits in a circle."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from packhouse.events.models import ProviderCall
from packhouse.events.states import CallStatus
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import GIVEN_AWAY, RequestStatus
from packhouse.orders.models import Hold, Order
from packhouse.sdk import Refused, now

SUBMIT = "submit_fulfillment"
_MAY_HAVE_WORKED = (CallStatus.REQUESTED.value, CallStatus.IN_DOUBT.value, CallStatus.DONE.value)


async def lock_orders(order_ids: Iterable[UUID]) -> list[Order]:
    """The orders, locked in the order of their ids until the end of the transaction."""
    return await Order.filter(id__in=sorted(set(order_ids))).order_by("id").select_for_update()


async def locked_work(ids: Sequence[UUID], field: str = "fulfillmentOrderIds") -> list[FulfillmentOrder]:
    """The fulfillment orders, locked behind their orders.

    Raises:
        Refused: NOT_FOUND.
    """
    order_of = dict(await FulfillmentOrder.filter(id__in=list(ids)).values_list("id", "order_id"))
    for fulfillment_order_id in ids:
        if fulfillment_order_id not in order_of:
            raise Refused("NOT_FOUND", f"there is no fulfillment order {fulfillment_order_id}", field)
    await lock_orders(order_of.values())
    return await FulfillmentOrder.filter(id__in=list(order_of)).order_by("id").select_for_update()


async def locked_fulfillment_order(id: UUID, field: str = "fulfillmentOrderId") -> FulfillmentOrder:
    """One fulfillment order, locked behind its order.

    Raises:
        Refused: NOT_FOUND.
    """
    (work,) = await locked_work([id], field)
    return work


async def given_away(work: Sequence[FulfillmentOrder]) -> list[FulfillmentOrder]:
    """Those of some locked work that somebody else has, or may have: a submission is on its way, or got no answer."""
    waiting = [row.id for row in work if row.network and row.request_status == RequestStatus.UNSUBMITTED]
    calls = ProviderCall.filter(subject_id__in=waiting, operation=SUBMIT, status__in=_MAY_HAVE_WORKED)
    on_the_way = set(await calls.values_list("subject_id", flat=True)) if waiting else set()
    return [row for row in work if row.request_status in GIVEN_AWAY or row.id in on_the_way]


async def refuse_held(order_ids: Iterable[UUID], field: str | None = None) -> None:
    """Let pass only orders that nothing holds.

    Raises:
        Refused: ON_HOLD, with the order's number and the reason of a hold.
    """
    held = await Hold.filter(order_id__in=sorted(set(order_ids)), released_at=None).order_by("placed_at").first()
    if held is not None:
        order = await Order.get(id=held.order_id)
        raise Refused("ON_HOLD", f"order {order.number} is held ({held.reason}): release the hold first", field)


async def touch_orders(order_ids: Iterable[UUID]) -> None:
    """Say that the orders changed now."""
    await Order.filter(id__in=sorted(set(order_ids))).update(updated_at=now())
