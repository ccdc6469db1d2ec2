"""Making a delivery again that was given up, or that waits for its next attempt."""

from uuid import UUID

from packhouse.events.lane_store import redeliver
from packhouse.events.models import Delivery
from packhouse.events.states import DeliveryStatus
from packhouse.sdk.errors import Refused
from packhouse.sdk.values import now
from packhouse.storage import UnitOfWork


async def retry_delivery(uow: UnitOfWork, delivery_id: UUID) -> UUID:
    """Make a delivery due now: a dead one again with all its attempts, one that waits without waiting.

    Raises:
        Refused: NOT_FOUND; ALREADY_DELIVERED: it worked, and `replayEvents` is what sends it again.
    """
    row = await Delivery.get_or_none(id=delivery_id)
    if row is None:
        raise Refused("NOT_FOUND", f"there is no delivery {delivery_id}", "deliveryId")
    if row.status == DeliveryStatus.DONE.value:
        raise Refused(
            "ALREADY_DELIVERED", f"delivery {delivery_id} worked; replayEvents sends events again", "deliveryId"
        )
    if not await redeliver(uow, delivery_id):
        # it is pending: its lane is hurried, unless a worker is at it right now
        await uow.execute(
            "UPDATE lane SET due_at = $2 WHERE id = $1 AND lease_owner IS NULL AND due_at > $2", row.lane_id, now()
        )
    return delivery_id
