"""Voiding a shipment that has not left: its label is given back to the carrier, its parcel can be sent another way."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.calls import call_provider
from packhouse.events.record import record
from packhouse.fulfillment.commands.load import touch_orders
from packhouse.sdk import EventType, Providers, Refused, VoidsLabels
from packhouse.shipping.commands.load import VOID_LABEL, known_shipment, locked_shipment, refuse_open_call
from packhouse.shipping.models import Shipment
from packhouse.shipping.states import SHIPMENT_STATUS, ShipmentStatus
from packhouse.storage import Database, Initiator, UnitOfWork


@dataclass(frozen=True, slots=True)
class VoidLabel:
    """A shipment to void, and why."""

    shipment_id: UUID
    reason: str = ""


async def void_label(database: Database, providers: Providers, by: Initiator, data: VoidLabel) -> Shipment:
    """Void a shipment; a draft has no label yet, so its carrier is not asked.

    Raises:
        IllegalTransition: it was handed over, or voided already.
        Refused: NOT_FOUND, UNKNOWN_CARRIER (it cannot void), CARRIER_CALL_OPEN, or IN_PROGRESS.
        ProviderError: it was not voided, or (ProviderInDoubt) may have been: void it again.
    """
    shipment = await known_shipment(data.shipment_id)
    SHIPMENT_STATUS.check(ShipmentStatus(shipment.status), ShipmentStatus.VOIDED)
    key = f"void/{shipment.id}"
    await refuse_open_call(shipment, but_key=key)
    if shipment.status == ShipmentStatus.DRAFT:
        return await database.write(by, lambda uow: _void(uow, data, had_label=False))
    provider = _provider(providers, shipment)

    async def send() -> None:
        await provider.void_label(shipment.external_id, key)

    async def find() -> None:
        """Nobody has to be asked: a label that is void stays void, so voiding again with the same key is safe."""

    async def voided(uow: UnitOfWork, _: None) -> Shipment:
        return await _void(uow, data, had_label=True)

    return await call_provider(
        database,
        by,
        provider=shipment.carrier,
        operation=VOID_LABEL,
        subject_id=shipment.id,
        order_id=shipment.order_id,
        idempotency_key=key,
        send=send,
        find=find,
        on_success=voided,
    )


def _provider(providers: Providers, shipment: Shipment) -> VoidsLabels:
    provider: object = providers.carriers.get(shipment.carrier)
    if not isinstance(provider, VoidsLabels):
        raise Refused(
            "UNKNOWN_CARRIER",
            f"no carrier {shipment.carrier!r} that voids labels is registered for shipment {shipment.id}",
            "shipmentId",
        )
    return provider


async def _void(uow: UnitOfWork, data: VoidLabel, *, had_label: bool) -> Shipment:
    shipment = await locked_shipment(data.shipment_id)
    expected = ShipmentStatus.LABEL_PURCHASED if had_label else ShipmentStatus.DRAFT
    if shipment.status != expected:
        raise Refused(
            "CONFLICT", f"shipment {shipment.id} has become {shipment.status}: look at it again", "shipmentId"
        )
    SHIPMENT_STATUS.check(ShipmentStatus(shipment.status), ShipmentStatus.VOIDED)
    if not had_label:
        await refuse_open_call(shipment)
    shipment.status = ShipmentStatus.VOIDED.value
    await shipment.save(update_fields=["status"])
    await touch_orders([shipment.order_id])
    record(
        uow,
        EventType.LABEL_VOIDED,
        shipment.id,
        order_id=shipment.order_id,
        reason=data.reason,
        payload={
            "shipment_id": str(shipment.id),
            "carrier": shipment.carrier,
            "tracking_number": shipment.tracking_number,
            "had_label": had_label,
        },
    )
    return shipment
